package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Mechanism;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Session;
import dev.cardinal.hsm.pool.TokenAbilities.GroupAbility;
import dev.cardinal.hsm.pool.TokenOperation.Product;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Requests by the plain functions of PKCS#11, each completed as soon as it is done. */
final class SessionDriver implements TokenDriver {

    private final TokenPool pool;
    private final Recovery recovery;
    private final Results results;

    SessionDriver(TokenPool pool, Recovery recovery) {
        this.pool = pool;
        this.recovery = recovery;
        this.results = new Results(pool);
    }

    @Override
    public void perform(List<Work.Requested> requests) {
        for (Work.Requested request : requests) {
            PendingRequest pending = new PendingRequest(pool, request);
            pending.attempt(() -> {
                TokenOperation operation = pending.begin();
                if (operation != null) {
                    pending.complete(result(operation));
                }
            });
        }
    }

    private HsmResult result(TokenOperation operation) throws HsmFailure {
        return switch (operation) {
            case TokenOperation.Sign sign ->
                recovery.run(
                        sign.footing(),
                        (session, epoch) -> results.signed(sign.key()
                                .locate(session.session(), epoch)
                                .sign(session.session(), pool.login(), sign.call())));
            case TokenOperation.Verify verify ->
                // see TokenProfile.verifications()
                throw new HsmFailure(Kind.UNSUPPORTED, 0, pool.label() + ": verification without a batch");
            case TokenOperation.Decrypt decrypt ->
                recovery.run(decrypt.footing(), (session, epoch) -> decrypted(session.session(), epoch, decrypt));
            case TokenOperation.Random random ->
                recovery.run(random.footing(), (session, epoch) -> {
                    Session open = session.session();
                    return results.random(open.cryptoki().generateRandom(open.handle(), random.length()));
                });
            case TokenOperation.Generate generate ->
                recovery.run(
                        generate.footing(),
                        (session, epoch) -> results.generated(
                                session,
                                epoch,
                                generate.group(),
                                pool.agreements()
                                        .generate(
                                                session.session(),
                                                generate.group().driver())));
            case TokenOperation.Agree agree ->
                using(
                        agree.privateKey(),
                        (session, epoch) -> agreed(
                                session,
                                epoch,
                                agree.group(),
                                agree.privateKey().object(),
                                agree.derivation(),
                                agree.product(),
                                null));
            case TokenOperation.GenerateAndAgree both ->
                recovery.run(both.footing(), (session, epoch) -> generatedAndAgreed(session, epoch, both));
            case TokenOperation.DeriveFromObject derive ->
                using(
                        derive.secret(),
                        (session, epoch) -> results.derivedLater(octets(
                                session.session(),
                                derive.group(),
                                derive.secret().object(),
                                derive.product())));
            case TokenOperation.DeriveFromOctets derive -> derived(derive);
        };
    }

    private HsmResult decrypted(Session session, long epoch, TokenOperation.Decrypt decrypt)
            throws Pkcs11Exception, HsmFailure {
        KeyObject key = decrypt.key().locate(session, epoch);
        Cryptoki.Decryption done = key.decrypt(session, pool.login(), decrypt.ciphertext(), decrypt.maxLength());
        if (Plaintext.isFailure(done.rv())) {
            throw new Pkcs11Exception("C_Decrypt", done.rv());
        }
        return results.decrypted(Plaintext.of(done.rv(), done.room(), done.length(), decrypt.substitute()));
    }

    private HsmResult generatedAndAgreed(TokenSession session, long epoch, TokenOperation.GenerateAndAgree both)
            throws Pkcs11Exception, HsmFailure {
        KeyAgreements.Fresh fresh =
                pool.agreements().generate(session.session(), both.group().driver());
        try {
            return agreed(
                    session,
                    epoch,
                    both.group(),
                    fresh.privateKey(),
                    both.derivation(),
                    both.product(),
                    fresh.publicValue());
        } finally {
            Recovery.destroy(session, fresh.privateKey());
        }
    }

    /** Derives the shared secret and makes of it what was asked for. */
    private HsmResult agreed(
            TokenSession session,
            long epoch,
            GroupAbility group,
            long privateKey,
            Mechanism derivation,
            Product product,
            byte @Nullable [] publicValue)
            throws Pkcs11Exception, HsmFailure {
        boolean extractable = switch (product) {
            case Product.Kept kept -> kept.extractable();
            case Product.Derived derived -> false;
            case Product.Read read -> true;
        };
        long secret;
        try {
            secret = pool.agreements().derive(session.session(), group.driver(), privateKey, derivation, extractable);
            pool.onDerived();
        } catch (Pkcs11Exception e) {
            throw pool.onDerivationFailed(e);
        }
        if (product instanceof Product.Kept) {
            return results.handedOut(publicValue, session, epoch, group, secret);
        }
        try {
            byte[] octets = octets(session.session(), group, secret, product);
            boolean asItIs = product instanceof Product.Read read && read.derivation() == null;
            return asItIs ? results.handedOut(publicValue, group, octets) : results.derived(publicValue, octets);
        } finally {
            Recovery.destroy(session, secret);
        }
    }

    /** What is made of a secret that is an object. */
    private byte[] octets(Session session, GroupAbility group, long secret, Product product)
            throws Pkcs11Exception, HsmFailure {
        return switch (product) {
            case Product.Derived derived -> SecretDerivation.onToken(session, secret, derived.derivation());
            case Product.Read read -> {
                byte[] octets = pool.agreements().read(session, group.driver(), secret);
                Derivation wanted = read.derivation();
                if (wanted == null) {
                    yield octets;
                }
                try {
                    yield SecretDerivation.onHost(octets, wanted);
                } finally {
                    Arrays.fill(octets, (byte) 0);
                }
            }
            case Product.Kept kept -> throw new HsmFailure(Kind.OUR_FAULT, 0, "nothing was asked of the secret");
        };
    }

    private HsmResult derived(TokenOperation.DeriveFromOctets derive) throws HsmFailure {
        byte[] octets = derive.secret().copy();
        try {
            if (octets.length == 0) {
                throw pool.lost();
            }
            return results.derivedLater(SecretDerivation.onHost(octets, derive.derivation()));
        } finally {
            Arrays.fill(octets, (byte) 0);
        }
    }

    /** Runs a use of an object that its owner may release meanwhile. */
    private HsmResult using(TokenObject object, Recovery.Body<HsmResult> body) throws HsmFailure {
        if (!object.acquire()) {
            throw pool.lost();
        }
        try {
            return recovery.run(new Footing.Handle(object), body);
        } finally {
            if (object.finish()) {
                recovery.destroy(object);
            }
        }
    }
}
