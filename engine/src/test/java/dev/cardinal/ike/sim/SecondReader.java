package dev.cardinal.ike.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Reads a whole phase 1 with public key encryption off the wire, knowing both private keys and both exponents, and recomputes
 * every value by RFC 2409 sections 5, 5.2, 5.3 and appendix B. It has nothing of the engine's: what both get wrong alike, two
 * readings of the RFC got wrong.
 */
final class SecondReader {
    private static final int SA = 1;
    private static final int KE = 4;
    private static final int ID = 5;
    private static final int CERT = 6;
    private static final int HASH = 8;
    private static final int NONCE = 10;
    private static final int HEADER = 28;

    /** RFC 3526 section 3, whose generator is 2. */
    static final BigInteger PRIME = new BigInteger(
            "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
                    + "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
                    + "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
                    + "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
                    + "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
                    + "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
            16);

    /** What one end kept to itself. @param randoms every array of octets that its device drew, one of them its exponent */
    record End(PrivateKey key, List<byte[]> randoms, String name, byte @Nullable [] certificate) {}

    /** A payload as it came. */
    record Body(int type, byte[] octets) {}

    /** One side's values in the clear. */
    private record Values(byte[] nonce, byte[] ke, byte[] id, byte @Nullable [] certificate) {}

    private final End initiator;
    private final End responder;
    private final boolean cisco;
    private String mac = "";
    private String hash = "";
    private String cipher = "";
    private int keyLength;
    private int block;
    private int method;
    private byte[] ckyI = {};
    private byte[] ckyR = {};

    /** @param cisco whether SKEYID is Cisco's */
    SecondReader(End initiator, End responder, boolean cisco) {
        this.initiator = initiator;
        this.responder = responder;
        this.cisco = cisco;
    }

    /** @param messages those of phase 1, in their order: six of main mode, three of aggressive mode */
    void read(List<byte[]> messages) throws GeneralSecurityException {
        boolean aggressive = messages.getFirst()[18] == 4;
        assertEquals(aggressive ? 3 : 6, messages.size());
        byte[] second = messages.get(1);
        ckyI = Arrays.copyOf(second, 8);
        ckyR = Arrays.copyOfRange(second, 8, 16);
        for (int i = 1; i < messages.size(); i++) {
            assertArrayEquals(Arrays.copyOf(second, 16), Arrays.copyOf(messages.get(i), 16));
        }
        byte[] offer = one(bodies(messages.getFirst(), HEADER), SA);
        negotiated(one(bodies(second, HEADER), SA));

        List<Body> first = bodies(messages.get(aggressive ? 0 : 2), HEADER);
        List<Body> answer = bodies(messages.get(aggressive ? 1 : 3), HEADER);
        checkOrder(first, true, aggressive);
        checkOrder(answer, false, aggressive);
        byte[] named = responder.certificate();
        if (named != null) {
            assertArrayEquals(digest(named), one(first, HASH), "HASH(1)");
        }
        Values i = open(first, responder.key(), ckyI);
        Values r = open(answer, initiator.key(), ckyR);
        assertArrayEquals(identity(initiator.name()), i.id());
        assertArrayEquals(identity(responder.name()), r.id());
        assertArrayEquals(method == 5 ? certificate(initiator.certificate()) : null, i.certificate());
        assertEquals(32, i.nonce().length);
        assertEquals(32, r.nonce().length);

        BigInteger xi = exponent(initiator.randoms(), i.ke());
        BigInteger xr = exponent(responder.randoms(), r.ke());
        byte[] gxy = octets(new BigInteger(1, r.ke()).modPow(xi, PRIME));
        assertArrayEquals(gxy, octets(new BigInteger(1, i.ke()).modPow(xr, PRIME)));

        byte[] nonces = join(i.nonce(), r.nonce());
        byte[] skeyid = prf(cisco ? nonces : digest(nonces), ckyI, ckyR);
        byte[] d = prf(skeyid, gxy, ckyI, ckyR, new byte[] {0});
        byte[] a = prf(skeyid, d, gxy, ckyI, ckyR, new byte[] {1});
        byte[] e = prf(skeyid, a, gxy, ckyI, ckyR, new byte[] {2});
        byte[] hashI = prf(skeyid, i.ke(), r.ke(), ckyI, ckyR, offer, i.id());
        byte[] hashR = prf(skeyid, r.ke(), i.ke(), ckyR, ckyI, offer, r.id());
        byte[] key = stretch(e);
        byte[] iv = Arrays.copyOf(digest(join(i.ke(), r.ke())), block);

        byte[] lastOfI = messages.get(aggressive ? 2 : 4);
        assertArrayEquals(hashI, one(decrypted(lastOfI, key, iv), HASH), "HASH_I");
        if (aggressive) {
            assertArrayEquals(hashR, one(answer, HASH), "HASH_R");
        } else {
            iv = Arrays.copyOfRange(lastOfI, lastOfI.length - block, lastOfI.length);
            List<Body> last = decrypted(messages.get(5), key, iv);
            assertEquals(List.of(HASH), last.stream().map(Body::type).toList());
            assertArrayEquals(hashR, one(last, HASH), "HASH_R");
        }
    }

    /** The transform that was chosen: its attributes (RFC 2409 appendix A). */
    private void negotiated(byte[] sa) {
        int group = 0;
        // DOI and situation, the proposal's header without an SPI, the transform's
        assertEquals(0, sa[14] & 0xff, "an SPI");
        ByteBuffer attributes = ByteBuffer.wrap(sa).position(8 + 8 + 8);
        while (attributes.hasRemaining()) {
            int type = attributes.getShort() & 0xffff;
            int value = attributes.getShort() & 0xffff;
            if (type < 0x8000) {
                attributes.position(attributes.position() + value);
                continue;
            }
            switch (type & 0x7fff) {
                case 1 -> {
                    cipher = value == 7 ? "AES" : "DESede";
                    block = value == 7 ? 16 : 8;
                    keyLength = value == 7 ? keyLength : 24;
                }
                case 2 -> {
                    hash = value == 2 ? "SHA-1" : "SHA-256";
                    mac = value == 2 ? "HmacSHA1" : "HmacSHA256";
                }
                case 3 -> method = value;
                case 4 -> group = value;
                case 14 -> keyLength = value / 8;
                default -> {
                    // lifetimes
                }
            }
        }
        assertEquals(14, group);
        assertTrue(method == 4 || method == 5, "method " + method);
    }

    /** As RFC 2409 draws the messages. */
    private void checkOrder(List<Body> bodies, boolean initiators, boolean aggressive) {
        List<Integer> wanted = new ArrayList<>();
        if (aggressive) {
            wanted.add(SA);
        }
        if (initiators && responder.certificate() != null) {
            wanted.add(HASH);
        }
        wanted.addAll(method == 4 ? List.of(KE, ID, NONCE) : List.of(NONCE, KE, ID));
        if (method == 5 && initiators && initiator.certificate() != null) {
            wanted.add(CERT);
        }
        if (aggressive && !initiators) {
            wanted.add(HASH);
        }
        assertEquals(
                wanted,
                bodies.stream().map(Body::type).filter(type -> type <= NONCE).toList());
    }

    private Values open(List<Body> bodies, PrivateKey rsa, byte[] cookie) throws GeneralSecurityException {
        Cipher decryption = Cipher.getInstance("RSA/ECB/PKCS1Padding");
        decryption.init(Cipher.DECRYPT_MODE, rsa);
        byte[] nonce = decryption.doFinal(one(bodies, NONCE));
        if (method == 4) {
            return new Values(nonce, one(bodies, KE), decryption.doFinal(one(bodies, ID)), null);
        }
        Cipher chain = Cipher.getInstance(cipher + "/CBC/NoPadding");
        // one run over all of them: the IV of a body is the last block of the one before
        chain.init(
                Cipher.DECRYPT_MODE,
                new SecretKeySpec(stretch(prf(nonce, cookie)), cipher),
                new IvParameterSpec(new byte[block]));
        byte[] ke = unpadded(chain.update(one(bodies, KE)));
        byte[] id = unpadded(chain.update(one(bodies, ID)));
        boolean certified = bodies.stream().anyMatch(body -> body.type() == CERT);
        return new Values(nonce, ke, id, certified ? unpadded(chain.update(one(bodies, CERT))) : null);
    }

    private byte[] unpadded(byte[] text) {
        int zeros = text[text.length - 1];
        assertTrue(zeros >= 0 && zeros < block, "padding of " + zeros);
        byte[] padding = Arrays.copyOfRange(text, text.length - 1 - zeros, text.length - 1);
        assertArrayEquals(new byte[zeros], padding);
        return Arrays.copyOf(text, text.length - 1 - zeros);
    }

    private List<Body> decrypted(byte[] message, byte[] key, byte[] iv) throws GeneralSecurityException {
        assertEquals(1, message[19] & 1, "not encrypted");
        Cipher chain = Cipher.getInstance(cipher + "/CBC/NoPadding");
        chain.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, cipher), new IvParameterSpec(iv));
        byte[] text = chain.doFinal(message, HEADER, message.length - HEADER);
        byte[] whole = join(Arrays.copyOf(message, HEADER), text);
        List<Body> bodies = bodies(whole, HEADER);
        assertFalse(bodies.stream().anyMatch(body -> body.type() == ID), "an identity once more");
        return bodies;
    }

    /** Appendix B: the first octets, or {@code K1 | K2 | ...} where there are too few. */
    private byte[] stretch(byte[] secret) throws GeneralSecurityException {
        if (secret.length >= keyLength) {
            return Arrays.copyOf(secret, keyLength);
        }
        byte[] key = {};
        byte[] last = {0};
        while (key.length < keyLength) {
            last = prf(secret, last);
            key = join(key, last);
        }
        return Arrays.copyOf(key, keyLength);
    }

    private byte[] prf(byte[] key, byte[]... parts) throws GeneralSecurityException {
        Mac function = Mac.getInstance(mac);
        function.init(new SecretKeySpec(key, mac));
        return function.doFinal(join(parts));
    }

    private byte[] digest(byte[] octets) throws GeneralSecurityException {
        return MessageDigest.getInstance(hash).digest(octets);
    }

    private static BigInteger exponent(List<byte[]> randoms, byte[] ke) {
        BigInteger value = new BigInteger(1, ke);
        for (byte[] octets : randoms) {
            // an exponent of full length, as the device makes it
            BigInteger x = new BigInteger(1, octets).setBit(8 * octets.length - 1);
            if (BigInteger.TWO.modPow(x, PRIME).equals(value)) {
                return x;
            }
        }
        throw new AssertionError("a public value of none of the exponents");
    }

    private static byte[] octets(BigInteger element) {
        byte[] octets = element.toByteArray();
        byte[] padded = new byte[256];
        int length = Math.min(octets.length, padded.length);
        System.arraycopy(octets, octets.length - length, padded, padded.length - length, length);
        return padded;
    }

    private static byte[] identity(String name) {
        byte[] fqdn = {2, 0, 0, 0};
        return join(fqdn, name.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }

    /** Behind the encoding: X.509 for key exchange. */
    private static byte @Nullable [] certificate(byte @Nullable [] der) {
        return der == null ? null : join(new byte[] {5}, der);
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] one(List<Body> bodies, int type) {
        List<Body> found = bodies.stream().filter(body -> body.type() == type).toList();
        assertEquals(1, found.size(), "payloads of type " + type);
        return found.getFirst().octets();
    }

    static List<Body> bodies(byte[] message, int offset) {
        List<Body> bodies = new ArrayList<>();
        ByteBuffer rest = ByteBuffer.wrap(message).position(offset);
        int type = message[16] & 0xff;
        while (type != 0) {
            int next = rest.get() & 0xff;
            assertEquals(0, rest.get());
            byte[] octets = new byte[(rest.getShort() & 0xffff) - 4];
            rest.get(octets);
            bodies.add(new Body(type, octets));
            type = next;
        }
        return bodies;
    }
}
