package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.IsakmpCipher;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The keys of an ISAKMP SA (RFC 2409 section 5 and appendix B). Owns them. SKEYID goes once both sides are authenticated. */
final class Ikev1KeyMaterial implements AutoCloseable {
    private final SymmetricCrypto symmetric;
    private final Phase1Suite suite;
    private final Secret skeyidD;
    private final Secret skeyidA;
    private final IsakmpCipher cipher;
    private @Nullable Secret skeyid;

    /** The last block of phase 1, from which the IVs of later exchanges are made; before, that of its next message. */
    private byte[] phase1Iv;

    /**
     * @param derived {@code SKEYID | SKEYID_d | SKEYID_a | SKEYID_e}; stays the caller's to close
     * @param firstIv see {@link #firstIv}
     */
    Ikev1KeyMaterial(SymmetricCrypto symmetric, Phase1Suite suite, Secret derived, byte[] firstIv) {
        int length = suite.prf().length();
        this.symmetric = symmetric;
        this.suite = suite;
        this.skeyid = derived.slice(0, length);
        this.skeyidD = derived.slice(length, length);
        this.skeyidA = derived.slice(2 * length, length);
        try (Secret skeyidE = derived.slice(3 * length, length)) {
            this.cipher = new IsakmpCipher(symmetric, suite.encryption(), suite.prf(), skeyidE, suite.keyLength());
        }
        this.phase1Iv = firstIv;
    }

    /** The IV of phase 1's first encrypted message: {@code hash(g^xi | g^xr)}, as much as a block (appendix B). */
    static byte[] firstIv(SymmetricCrypto symmetric, Phase1Suite suite, byte[] gxi, byte[] gxr) {
        return Arrays.copyOf(
                symmetric.hash(suite.prf(), gxi, gxr), suite.encryption().blockLength());
    }

    /** The IV of a later exchange's first message: {@code hash(last block of phase 1 | M-ID)} (appendix B). */
    byte[] exchangeIv(int messageId) {
        return Arrays.copyOf(symmetric.hash(suite.prf(), phase1Iv, octets(messageId)), cipher.blockLength());
    }

    byte[] phase1Iv() {
        return phase1Iv;
    }

    void setPhase1Iv(byte[] iv) {
        phase1Iv = iv;
    }

    /** {@code prf(SKEYID, parts...)}: HASH_I and HASH_R. */
    byte[] authenticationHash(byte[]... parts) {
        Secret key = skeyid;
        if (key == null) {
            throw new IllegalStateException("phase 1 has ended");
        }
        return symmetric.prfPublic(Phase1Method.proofPrf(suite.method(), suite.prf()), key, parts);
    }

    /** {@code prf(SKEYID_a, M-ID | parts...)}: the hashes of every later message (sections 5.5, 5.7). */
    byte[] messageHash(int messageId, byte[]... parts) {
        byte[][] all = new byte[parts.length + 1][];
        all[0] = octets(messageId);
        System.arraycopy(parts, 0, all, 1, parts.length);
        return symmetric.prfPublic(suite.prf(), skeyidA, all);
    }

    /** {@code prf(SKEYID_a, 0 | M-ID | Ni_b | Nr_b)}: HASH(3) (section 5.5). */
    byte[] confirmationHash(int messageId, byte[] ni, byte[] nr) {
        return symmetric.prfPublic(suite.prf(), skeyidA, new byte[1], octets(messageId), ni, nr);
    }

    Secret skeyidD() {
        return skeyidD;
    }

    IsakmpCipher cipher() {
        return cipher;
    }

    static byte[] octets(int messageId) {
        return ByteBuffer.allocate(4).putInt(messageId).array();
    }

    /** Wipes what only phase 1 needed. */
    void authenticated() {
        if (skeyid != null) {
            skeyid.close();
            skeyid = null;
        }
    }

    @Override
    public void close() {
        authenticated();
        skeyidD.close();
        skeyidA.close();
        cipher.close();
    }
}
