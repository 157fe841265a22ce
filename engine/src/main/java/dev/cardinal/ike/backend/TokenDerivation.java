package dev.cardinal.ike.backend;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a token is asked to make of {@code g^ir}, and what is left for the host: nothing with an HMAC based PRF, which a token
 * can compute around a secret that it keeps; everything with an AES based one, for which the secret must leave the token.
 * Owns copies of the SA's secrets until it is closed.
 */
final class TokenDerivation implements AutoCloseable {
    private final Derivation onToken;
    private final byte[] key;
    private final @Nullable SecretDerivation onHost;

    private TokenDerivation(Derivation onToken, byte[] key, @Nullable SecretDerivation onHost) {
        this.onToken = onToken;
        this.key = key;
        this.onHost = onHost;
    }

    /** Reads the secrets of the derivation now and never again. */
    static TokenDerivation of(SecretDerivation derivation) {
        HashAlgorithm hash = hash(derivation.prf());
        if (hash == null) {
            return whole(derivation);
        }
        return switch (derivation) {
            case SecretDerivation.Skeyseed d -> {
                byte[] key = SymmetricCrypto.skeyseedKey(d.prf(), d.ni(), d.nr());
                yield new TokenDerivation(new Derivation.Hmac(hash, key, new byte[0]), key, null);
            }
            case SecretDerivation.RekeyedSkeyseed d -> {
                byte[] key = d.skD().lend(byte[]::clone);
                yield new TokenDerivation(new Derivation.Hmac(hash, key, nonces(d.ni(), d.nr())), key, null);
            }
            case SecretDerivation.ChildKeyMaterial d -> {
                byte[] key = d.skD().lend(byte[]::clone);
                yield new TokenDerivation(
                        new Derivation.Expand(hash, key, nonces(d.ni(), d.nr()), d.length()), key, null);
            }
            case SecretDerivation.Ikev1Keys d -> whole(d);
            case SecretDerivation.QuickModeKeys d -> whole(d);
        };
    }

    /** Nothing on the token. */
    private static TokenDerivation whole(SecretDerivation derivation) {
        return new TokenDerivation(new Derivation.Extract(), new byte[0], DerivationCopies.copy(derivation));
    }

    /** The hash of an HMAC based PRF, null where the PRF is none. */
    static @Nullable HashAlgorithm hash(PseudorandomFunction prf) {
        return switch (prf) {
            case HMAC_SHA1 -> HashAlgorithm.SHA1;
            case HMAC_SHA2_256 -> HashAlgorithm.SHA256;
            case HMAC_SHA2_384 -> HashAlgorithm.SHA384;
            case HMAC_SHA2_512 -> HashAlgorithm.SHA512;
            case AES128_XCBC, AES128_CMAC -> null;
        };
    }

    Derivation onToken() {
        return onToken;
    }

    /**
     * The rest of the way.
     *
     * @param octets what the token made; taken over
     */
    Secret finish(byte[] octets) {
        Secret fromToken = Secret.owning(octets);
        if (onHost == null) {
            return fromToken;
        }
        try (fromToken) {
            // rare, and on the token's thread, which has no such object of its own
            return new SymmetricCrypto().derive(onHost, fromToken);
        }
    }

    private static byte[] nonces(byte[] ni, byte[] nr) {
        byte[] both = Arrays.copyOf(ni, ni.length + nr.length);
        System.arraycopy(nr, 0, both, ni.length, nr.length);
        return both;
    }

    @Override
    public void close() {
        Arrays.fill(key, (byte) 0);
        if (onHost != null) {
            DerivationCopies.wipe(onHost);
        }
    }
}
