package dev.cardinal.ike.backend;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SecretDerivation;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
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

    /** Whether the key, which was the SA's, stands before what the token makes of it. */
    private final boolean headed;

    /** Octets wanted of each half of what the token made, whose blocks are whole; 0 where all are wanted as they are. */
    private final int halfLength;

    private TokenDerivation(Derivation onToken, byte[] key, @Nullable SecretDerivation onHost) {
        this(onToken, key, onHost, false, 0);
    }

    private TokenDerivation(
            Derivation onToken, byte[] key, @Nullable SecretDerivation onHost, boolean headed, int halfLength) {
        this.onToken = onToken;
        this.key = key;
        this.onHost = onHost;
        this.headed = headed;
        this.halfLength = halfLength;
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
            case SecretDerivation.Ikev1Keys d -> ikev1Keys(hash, d);
            case SecretDerivation.QuickModeKeys d -> quickModeKeys(hash, d);
        };
    }

    private static TokenDerivation ikev1Keys(HashAlgorithm hash, SecretDerivation.Ikev1Keys d) {
        byte[] cookies = SymmetricCrypto.cookies(d.initiatorCookie(), d.responderCookie());
        List<byte[]> suffixes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            byte[] suffix = Arrays.copyOf(cookies, cookies.length + 1);
            suffix[cookies.length] = (byte) i;
            suffixes.add(suffix);
        }
        Secret skeyid = d.skeyid();
        if (skeyid != null && skeyid.length() != hash.length()) {
            throw new IllegalArgumentException("SKEYID of " + skeyid.length() + " octets with " + d.prf());
        }
        byte[] key = skeyid == null ? nonces(d.ni(), d.nr()) : skeyid.lend(byte[]::clone);
        return new TokenDerivation(
                new Derivation.Chains(hash, key, skeyid == null, List.of(suffixes)), key, null, skeyid != null, 0);
    }

    private static TokenDerivation quickModeKeys(HashAlgorithm hash, SecretDerivation.QuickModeKeys d) {
        int blocks = Math.ceilDiv(d.length(), hash.length());
        List<List<byte[]>> chains = new ArrayList<>();
        for (int spi : new int[] {d.firstSpi(), d.secondSpi()}) {
            byte[] suffix = ByteBuffer.allocate(5 + d.ni().length + d.nr().length)
                    .put((byte) d.protocol())
                    .putInt(spi)
                    .put(d.ni())
                    .put(d.nr())
                    .array();
            chains.add(Collections.nCopies(blocks, suffix));
        }
        byte[] key = d.skeyidD().lend(byte[]::clone);
        return new TokenDerivation(new Derivation.Chains(hash, key, false, chains), key, null, false, d.length());
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
        if (onHost == null && !headed && halfLength == 0) {
            return fromToken;
        }
        try (fromToken) {
            if (onHost == null) {
                return headed
                        ? joined(key, key.length, octets, 0, octets.length)
                        : joined(octets, halfLength, octets, octets.length / 2, halfLength);
            }
            // rare, and on the token's thread, which has no such object of its own
            return new SymmetricCrypto().derive(onHost, fromToken);
        }
    }

    private static Secret joined(byte[] first, int firstLength, byte[] second, int offset, int secondLength) {
        byte[] both = Arrays.copyOf(first, firstLength + secondLength);
        System.arraycopy(second, offset, both, firstLength, secondLength);
        return Secret.owning(both);
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
