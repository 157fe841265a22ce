package dev.cardinal.ike.crypto;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.Cipher;
import org.bouncycastle.crypto.modes.AEADBlockCipher;
import org.bouncycastle.crypto.modes.CCMBlockCipher;
import org.bouncycastle.crypto.modes.GCMBlockCipher;
import org.jspecify.annotations.Nullable;

/**
 * Symmetric work, done in the loop. Holds the JCA objects of one loop for reuse, since to look one up costs several times
 * what it then does; not thread-safe. Such an object keeps the key that it was last given until it is given another.
 */
public final class SymmetricCrypto {
    /** The counter octet of prf+ ends there (RFC 7296 section 2.13). */
    private static final int PRF_PLUS_ROUNDS = 255;

    private static final byte[] NOTHING = new byte[0];

    private static final int AES_PRF_KEY_LENGTH = 16;

    /** Nonce octets that key an AES based PRF (RFC 7296 section 2.14). */
    private static final int FIXED_NONCE_PART = 8;

    private final Map<String, MacFunction> macs = new HashMap<>();
    private final Map<String, Cipher> ciphers = new HashMap<>();
    private final Map<String, AEADBlockCipher> modes = new HashMap<>();
    private final Map<EncryptionAlgorithm, PayloadCipher> payloadCiphers = new EnumMap<>(EncryptionAlgorithm.class);
    private final MessageDigest sha1 = digest("SHA-1");
    private final MessageDigest sha256 = digest("SHA-256");
    private final MessageDigest sha384 = digest("SHA-384");
    private final MessageDigest sha512 = digest("SHA-512");

    public SymmetricCrypto() {}

    /** {@code prf(key, parts...)} as a secret (RFC 7296 section 2.13). The caller owns it. */
    public Secret prf(PseudorandomFunction prf, Secret key, byte[]... parts) {
        return key.lend(octets -> Secret.owning(compute(prf, octets, parts)));
    }

    /** {@code prf(key, parts...)} whose value goes on the wire: an AUTH value, or a part of what is signed. */
    public byte[] prfPublic(PseudorandomFunction prf, Secret key, byte[]... parts) {
        return key.lend(octets -> compute(prf, octets, parts));
    }

    /**
     * {@code prf+(key, seed)} (RFC 7296 section 2.13). The caller owns it.
     *
     * @param length octets, at most 255 times the prf's length
     */
    public Secret prfPlus(PseudorandomFunction prf, Secret key, byte[] seed, int length) {
        return key.lend(octets -> Secret.owning(expand(prf, octets, seed, length)));
    }

    /**
     * What is made of {@code g^ir} (RFC 7296 sections 2.14, 2.17, 2.18; RFC 2409 sections 5 and 5.5). The caller owns it.
     *
     * @param shared {@code g^ir}, padded to the group's length; stays the caller's
     */
    public Secret derive(SecretDerivation derivation, Secret shared) {
        return shared.lend(gir -> switch (derivation) {
            case SecretDerivation.Skeyseed d ->
                Secret.owning(compute(d.prf(), skeyseedKey(d.prf(), d.ni(), d.nr()), gir));
            case SecretDerivation.RekeyedSkeyseed d -> prf(d.prf(), d.skD(), gir, d.ni(), d.nr());
            case SecretDerivation.ChildKeyMaterial d -> {
                byte[] seed = concatenation(gir, d.ni(), d.nr());
                try {
                    yield prfPlus(d.prf(), d.skD(), seed, d.length());
                } finally {
                    Arrays.fill(seed, (byte) 0);
                }
            }
            case SecretDerivation.Ikev1Keys d -> ikev1Keys(d, gir);
            case SecretDerivation.QuickModeKeys d -> quickModeKeys(d, gir);
        });
    }

    /** KEYMAT without perfect forward secrecy: as {@link #derive} makes it, less {@code g(qm)^xy}. The caller owns it. */
    public Secret quickModeKeys(SecretDerivation.QuickModeKeys derivation) {
        return quickModeKeys(derivation, NOTHING);
    }

    /**
     * SKEYID of public key encryption (RFC 2409 section 5): {@code prf(hash(Ni_b | Nr_b), CKY-I | CKY-R)}. The caller owns it.
     *
     * @param hashed false where the nonces themselves are the key, as Cisco has it
     */
    public Secret encryptionSkeyid(PseudorandomFunction prf, Secret ni, Secret nr, byte[] cookies, boolean hashed) {
        return ni.lend(i -> nr.lend(r -> {
            byte[] key = hashed ? hash(prf, i, r) : concatenation(i, r);
            try {
                return Secret.owning(compute(prf, key, cookies));
            } finally {
                Arrays.fill(key, (byte) 0);
            }
        }));
    }

    /** The octets of what was encrypted for its way alone, an identity; never those of a key or a nonce. */
    public static byte[] disclosed(Secret text) {
        return text.lend(byte[]::clone);
    }

    /** The cookies of IKEv1 in the order of its formulas. */
    public static byte[] cookies(long initiatorCookie, long responderCookie) {
        return ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(initiatorCookie)
                .putLong(responderCookie)
                .array();
    }

    private Secret ikev1Keys(SecretDerivation.Ikev1Keys d, byte[] gxy) {
        int step = d.prf().length();
        byte[] keys = new byte[4 * step];
        byte[] cookies = cookies(d.initiatorCookie(), d.responderCookie());
        Secret given = d.skeyid();
        byte[] skeyid =
                given == null ? compute(d.prf(), concatenation(d.ni(), d.nr()), gxy) : given.lend(byte[]::clone);
        byte[] last = NOTHING;
        try {
            if (skeyid.length != step) {
                throw new IllegalArgumentException("SKEYID of " + skeyid.length + " octets with " + d.prf());
            }
            System.arraycopy(skeyid, 0, keys, 0, step);
            for (int i = 0; i < 3; i++) {
                byte[] next = compute(d.prf(), skeyid, last, gxy, cookies, new byte[] {(byte) i});
                Arrays.fill(last, (byte) 0);
                last = next;
                System.arraycopy(next, 0, keys, (i + 1) * step, step);
            }
        } finally {
            Arrays.fill(skeyid, (byte) 0);
            Arrays.fill(last, (byte) 0);
        }
        return Secret.owning(keys);
    }

    private Secret quickModeKeys(SecretDerivation.QuickModeKeys d, byte[] gxy) {
        if (d.length() < 0 || d.length() > PRF_PLUS_ROUNDS * d.prf().length()) {
            throw new IllegalArgumentException("KEYMAT cannot give " + d.length() + " octets");
        }
        byte[] keys = new byte[2 * d.length()];
        d.skeyidD().<@Nullable Void>lend(skeyidD -> {
            chain(
                    d.prf(),
                    skeyidD,
                    keys,
                    0,
                    d.length(),
                    gxy,
                    protocolAndSpi(d.protocol(), d.firstSpi()),
                    d.ni(),
                    d.nr());
            chain(
                    d.prf(),
                    skeyidD,
                    keys,
                    d.length(),
                    d.length(),
                    gxy,
                    protocolAndSpi(d.protocol(), d.secondSpi()),
                    d.ni(),
                    d.nr());
            return null;
        });
        return Secret.owning(keys);
    }

    private static byte[] protocolAndSpi(int protocol, int spi) {
        return ByteBuffer.allocate(1 + Integer.BYTES)
                .put((byte) protocol)
                .putInt(spi)
                .array();
    }

    /**
     * {@code K1 | K2 | ...} where {@code K1 = prf(key, seed)} and {@code Kn = prf(key, Kn-1 | seed)}: how IKEv1 draws keys out,
     * without the counter of prf+.
     */
    private void chain(PseudorandomFunction prf, byte[] key, byte[] target, int offset, int length, byte[]... seed) {
        int step = prf.length();
        MacFunction mac = keyed(prf, key);
        byte[] block = new byte[step];
        for (int done = 0; done < length; done += step) {
            if (done > 0) {
                mac.update(block, 0, step);
            }
            for (byte[] part : seed) {
                mac.update(part, 0, part.length);
            }
            mac.finish(block, 0);
            System.arraycopy(block, 0, target, offset + done, Math.min(step, length - done));
        }
        Arrays.fill(block, (byte) 0);
    }

    /**
     * The key of IKEv1's messages (RFC 2409 appendix B): SKEYID_e's first octets, or {@code K1 | K2 | ...} where it is too
     * short, with {@code K1 = prf(SKEYID_e, 0)} and {@code Kn = prf(SKEYID_e, Kn-1)}. The caller owns it.
     */
    Secret isakmpKey(PseudorandomFunction prf, Secret skeyidE, int length) {
        return skeyidE.lend(octets -> {
            if (octets.length >= length) {
                return Secret.owning(Arrays.copyOf(octets, length));
            }
            int step = prf.length();
            byte[] key = new byte[length];
            byte[] block = new byte[1];
            for (int done = 0; done < length; done += step) {
                byte[] next = compute(prf, octets, block);
                Arrays.fill(block, (byte) 0);
                block = next;
                System.arraycopy(block, 0, key, done, Math.min(step, length - done));
            }
            Arrays.fill(block, (byte) 0);
            return Secret.owning(key);
        });
    }

    /**
     * The hash under an HMAC based prf: IKEv1 negotiates the hash, and its prf is the HMAC of that.
     *
     * @throws IllegalArgumentException where the prf is based on AES
     */
    public byte[] hash(PseudorandomFunction prf, byte[]... parts) {
        return hash(
                switch (prf) {
                    case HMAC_SHA1 -> sha1;
                    case HMAC_SHA2_256 -> sha256;
                    case HMAC_SHA2_384 -> sha384;
                    case HMAC_SHA2_512 -> sha512;
                    case AES128_XCBC, AES128_CMAC -> throw new IllegalArgumentException(prf + " has no hash");
                },
                parts);
    }

    /** The nonces as SKEYSEED's key: both whole, or eight octets of each where the PRF takes a fixed key (RFC 7296 2.14). */
    public static byte[] skeyseedKey(PseudorandomFunction prf, byte[] ni, byte[] nr) {
        return prf.fixedNonceKey()
                ? concatenation(Arrays.copyOf(ni, FIXED_NONCE_PART), Arrays.copyOf(nr, FIXED_NONCE_PART))
                : concatenation(ni, nr);
    }

    /** SHA-1, for NAT detection and certificate requests only. */
    public byte[] sha1(byte[]... parts) {
        return hash(sha1, parts);
    }

    /** SHA-256. */
    public byte[] sha256(byte[]... parts) {
        return hash(sha256, parts);
    }

    MacFunction mac(String name) {
        return macs.computeIfAbsent(name, MacFunction::of);
    }

    Cipher cipher(String transformation) {
        return ciphers.computeIfAbsent(transformation, SymmetricCrypto::newCipher);
    }

    /** One for all the SAs of the loop. */
    PayloadCipher payloadCipher(EncryptionAlgorithm algorithm) {
        return payloadCiphers.computeIfAbsent(algorithm, each -> new PayloadCipher(this, each));
    }

    /** AES-GCM with tags that the JDK does not offer. */
    AEADBlockCipher gcm() {
        return modes.computeIfAbsent("GCM", name -> GCMBlockCipher.newInstance(new AesBlock()));
    }

    /** AES-CCM, which the JDK does not offer. */
    AEADBlockCipher ccm() {
        return modes.computeIfAbsent("CCM", name -> CCMBlockCipher.newInstance(new AesBlock()));
    }

    private byte[] compute(PseudorandomFunction prf, byte[] key, byte[]... parts) {
        MacFunction mac = keyed(prf, key);
        for (byte[] part : parts) {
            mac.update(part, 0, part.length);
        }
        byte[] value = new byte[prf.length()];
        mac.finish(value, 0);
        return value;
    }

    private byte[] expand(PseudorandomFunction prf, byte[] key, byte[] seed, int length) {
        int step = prf.length();
        if (length < 0 || length > PRF_PLUS_ROUNDS * step) {
            throw new IllegalArgumentException("prf+ cannot give " + length + " octets");
        }
        MacFunction mac = keyed(prf, key);
        byte[] result = new byte[length];
        byte[] block = new byte[step];
        byte[] counter = new byte[1];
        for (int done = 0; done < length; done += step) {
            if (done > 0) {
                mac.update(block, 0, step);
            }
            mac.update(seed, 0, seed.length);
            counter[0]++;
            mac.update(counter, 0, 1);
            mac.finish(block, 0);
            System.arraycopy(block, 0, result, done, Math.min(step, length - done));
        }
        Arrays.fill(block, (byte) 0);
        return result;
    }

    /** The MAC of a PRF with a key of any length: RFC 4434 section 2 for XCBC, RFC 4615 section 3 for CMAC. */
    private MacFunction keyed(PseudorandomFunction prf, byte[] key) {
        MacFunction mac = mac(prf.macName());
        if (!prf.fixedNonceKey() || key.length == AES_PRF_KEY_LENGTH) {
            mac.init(key);
            return mac;
        }
        byte[] fitted;
        if (prf == PseudorandomFunction.AES128_XCBC && key.length < AES_PRF_KEY_LENGTH) {
            fitted = Arrays.copyOf(key, AES_PRF_KEY_LENGTH);
        } else {
            fitted = new byte[AES_PRF_KEY_LENGTH];
            mac.init(fitted);
            mac.update(key, 0, key.length);
            mac.finish(fitted, 0);
        }
        mac.init(fitted);
        Arrays.fill(fitted, (byte) 0);
        return mac;
    }

    private static byte[] concatenation(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        byte[] whole = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, whole, at, part.length);
            at += part.length;
        }
        return whole;
    }

    private static byte[] hash(MessageDigest digest, byte[]... parts) {
        for (byte[] part : parts) {
            digest.update(part);
        }
        return digest.digest();
    }

    private static MessageDigest digest(String name) {
        try {
            return MessageDigest.getInstance(name);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK lacks " + name, e);
        }
    }

    private static Cipher newCipher(String transformation) {
        try {
            return Cipher.getInstance(transformation);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK lacks " + transformation, e);
        }
    }
}
