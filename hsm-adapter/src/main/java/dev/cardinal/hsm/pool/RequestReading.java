package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyExchangeRef;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SharedSecret;
import dev.cardinal.hsm.pool.TokenAbilities.GroupAbility;
import org.jspecify.annotations.Nullable;

/** What each request means on a pool's token. The whole request is checked before the token is asked for anything. */
record RequestReading(TokenPool pool) {

    private static final int RANDOM_LIMIT = 4096;

    /** @throws HsmFailure where the request is wrong, or not to be had from this token */
    TokenOperation read(HsmRequest request) throws HsmFailure {
        return switch (request) {
            case HsmRequest.Sign sign -> {
                TokenKey key = key(sign.key());
                yield new TokenOperation.Sign(
                        key, pool.abilities().signatures().call(key.publicKey(), sign.mechanism(), sign.message()));
            }
            case HsmRequest.Verify verify -> {
                if (!pool.abilities().verifies()) {
                    throw new HsmFailure(Kind.UNSUPPORTED, 0, pool.label() + ": the token verifies nothing");
                }
                yield new TokenOperation.Verify(
                        PublicKeys.template(verify.key()),
                        pool.abilities().signatures().call(verify.key(), verify.mechanism(), verify.message()),
                        verify.signature());
            }
            case HsmRequest.Decrypt decrypt -> {
                TokenKey key = key(decrypt.key());
                byte[] modulus = PublicKeys.modulus(key.publicKey());
                if (modulus == null) {
                    throw new HsmFailure(Kind.OUR_FAULT, 0, pool.label() + ": only RSA keys decrypt: " + key.uri());
                }
                if (decrypt.substitute().octets().length < modulus.length) {
                    throw new HsmFailure(Kind.OUR_FAULT, 0, "a substitute shorter than the key's modulus");
                }
                yield new TokenOperation.Decrypt(key, decrypt.ciphertext(), modulus.length, decrypt.substitute());
            }
            case HsmRequest.Random random -> {
                if (random.length() < 1 || random.length() > RANDOM_LIMIT) {
                    throw new HsmFailure(Kind.OUR_FAULT, 0, random.length() + " octets of random");
                }
                yield new TokenOperation.Random(random.length());
            }
            case HsmRequest.Generate generate -> new TokenOperation.Generate(group(generate.group()));
            case HsmRequest.Agree agree -> {
                KeyExchangeHandle handle = handle(agree.handle());
                GroupAbility group = group(handle.group());
                yield new TokenOperation.Agree(
                        group,
                        handle.privateKey(),
                        group.driver().derivation(agree.peerPublic()),
                        product(group, agree.derivation()));
            }
            case HsmRequest.GenerateAndAgree both -> {
                GroupAbility group = group(both.group());
                yield new TokenOperation.GenerateAndAgree(
                        group, group.driver().derivation(both.peerPublic()), product(group, both.derivation()));
            }
            case HsmRequest.Derive derive -> derive(derive);
        };
    }

    private TokenOperation derive(HsmRequest.Derive derive) throws HsmFailure {
        return switch (secret(derive.secret())) {
            case PoolSecret.OnHost host -> {
                SecretDerivation.check(derive.derivation());
                yield new TokenOperation.DeriveFromOctets(host, derive.derivation());
            }
            case PoolSecret.OnToken token -> {
                GroupAbility group = group(token.group());
                yield new TokenOperation.DeriveFromObject(group, token.secret(), product(group, derive.derivation()));
            }
        };
    }

    /** What becomes of a shared secret: it stays on the token where that is possible. */
    private TokenOperation.Product product(GroupAbility group, @Nullable Derivation wanted) throws HsmFailure {
        if (wanted != null) {
            SecretDerivation.check(wanted);
        }
        boolean stays = group.hidden()
                && switch (wanted) {
                    case null -> true;
                    case Derivation.Hmac hmac -> pool.abilities().hashes().contains(hmac.hash());
                    case Derivation.Expand expand -> pool.abilities().hashes().contains(expand.hash());
                    case Derivation.Chains chains -> pool.abilities().hashes().contains(chains.hash());
                    case Derivation.Extract extract -> false;
                };
        if (!stays) {
            if (!pool.allowExtract()) {
                throw new HsmFailure(
                        Kind.UNSUPPORTED,
                        0,
                        pool.label() + ": " + wanted + " needs the secret on the host, which is not allowed");
            }
            return new TokenOperation.Product.Read(wanted);
        }
        return wanted == null
                // any derivation may be asked of it later, hence it is extractable where that is allowed
                ? new TokenOperation.Product.Kept(pool.allowExtract())
                : new TokenOperation.Product.Derived(wanted);
    }

    private GroupAbility group(KeyExchangeGroup group) throws HsmFailure {
        GroupAbility ability = pool.abilities().groups().get(group);
        if (ability == null) {
            throw new HsmFailure(Kind.UNSUPPORTED, 0, pool.label() + ": the token does not offer " + group);
        }
        return ability;
    }

    private TokenKey key(KeyRef ref) throws HsmFailure {
        if (ref instanceof TokenKey key && key.pool() == pool) {
            return key;
        }
        throw foreign("key");
    }

    private KeyExchangeHandle handle(KeyExchangeRef ref) throws HsmFailure {
        if (ref instanceof KeyExchangeHandle handle && handle.pool() == pool) {
            return handle;
        }
        throw foreign("key-exchange handle");
    }

    private PoolSecret secret(SharedSecret secret) throws HsmFailure {
        if (secret instanceof PoolSecret ours && ours.pool() == pool) {
            return ours;
        }
        throw foreign("shared secret");
    }

    private HsmFailure foreign(String what) {
        return new HsmFailure(Kind.OUR_FAULT, 0, pool.label() + ": the " + what + " belongs to another token");
    }
}
