package dev.cardinal.bench.decryption;

import dev.cardinal.bench.gateway.DecryptingGateway;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.IkeHeader;
import dev.cardinal.ike.wire.IsakmpAttribute;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpCodec;
import dev.cardinal.ike.wire.IsakmpPayload;
import dev.cardinal.ike.wire.IsakmpPayloadType;
import dev.cardinal.ike.wire.IsakmpProposal;
import dev.cardinal.ike.wire.IsakmpTransform;
import dev.cardinal.ike.wire.Proposal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * An initiator's messages of main mode with public key encryption (RFC 2409 sections 5.2 and 5.3), as far as its third: right
 * ones, and such as are wrong in one {@link Kind} of way. All of them are of one length and cost the same to make. It computes
 * no shared secret: nobody proves anything before the fifth message.
 */
final class ThirdMessage {
    private static final int VERSION_MAJOR = 1;
    private static final int NONCE_LENGTH = 16;
    private static final int SHORT_NONCE_LENGTH = 7;
    private static final int LONG_NONCE_LENGTH = 257;
    private static final int MIN_PADDING = 8;
    private static final int AES_BLOCK = 16;

    /** RFC 2409 appendix A, RFC 5903, RFC 4868. */
    private static final int ENCRYPTION = 1;

    private static final int AES_CBC = 7;
    private static final int HASH = 2;
    private static final int SHA2_256 = 4;
    private static final int METHOD = 3;
    private static final int GROUP = 4;
    private static final int ECP_256 = 19;
    private static final int LIFE_TYPE = 11;
    private static final int SECONDS = 1;
    private static final int LIFE_DURATION = 12;
    private static final int LIFE = 28_800;
    private static final int KEY_LENGTH = 14;
    private static final int KEY_BITS = 128;
    private static final int KEY_IKE = 1;

    private final Method method;
    private final RSAPublicKey key;
    private final int blockLength;
    private final Random random;
    private final byte[] publicValue;

    /** The methods of authentication. */
    enum Method {
        RSA_ENCR("rsa-encr", 4),
        RSA_ENCR_REVISED("rsa-encr-revised", 5);

        final String keyword;
        final int number;

        Method(String keyword, int number) {
            this.keyword = keyword;
            this.number = number;
        }
    }

    /**
     * @param key the gateway's, longer than 2,144 bits: a nonce that is too long must fit
     * @param random of the run: nothing here is a secret
     */
    ThirdMessage(Method method, RSAPublicKey key, Random random) throws GeneralSecurityException {
        this.method = method;
        this.key = key;
        this.random = random;
        this.blockLength = key.getModulus().bitLength() / 8;
        if (blockLength < LONG_NONCE_LENGTH + MIN_PADDING + 3) {
            throw new IllegalArgumentException("a key of " + blockLength + " octets is too short for every kind");
        }
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        ECPublicKey ours = (ECPublicKey) generator.generateKeyPair().getPublic();
        publicValue = new byte[64];
        fixed(ours.getW().getAffineX(), publicValue, 0, 32);
        fixed(ours.getW().getAffineY(), publicValue, 32, 32);
    }

    /** The first message: one proposal. */
    byte[] first(long cookie) {
        IsakmpTransform transform = new IsakmpTransform(
                1,
                KEY_IKE,
                List.of(
                        IsakmpAttribute.of(ENCRYPTION, AES_CBC),
                        IsakmpAttribute.of(KEY_LENGTH, KEY_BITS),
                        IsakmpAttribute.of(HASH, SHA2_256),
                        IsakmpAttribute.of(GROUP, ECP_256),
                        IsakmpAttribute.of(METHOD, method.number),
                        IsakmpAttribute.of(LIFE_TYPE, SECONDS),
                        IsakmpAttribute.of(LIFE_DURATION, LIFE)));
        IsakmpPayload offer = new IsakmpPayload.SecurityAssociation(
                List.of(new IsakmpProposal(1, Proposal.IKE, new byte[0], List.of(transform))));
        return IsakmpCodec.encode(header(cookie, 0), List.of(IsakmpBody.of(offer)));
    }

    private static IkeHeader header(long cookie, long responders) {
        return new IkeHeader(cookie, responders, 0, VERSION_MAJOR, 0, ExchangeType.IDENTITY_PROTECTION, 0, 0, 0);
    }

    /** The third message. */
    byte[] third(Kind kind, long cookie, long responders) throws GeneralSecurityException {
        byte[] nonce = new byte
                [switch (kind) {
                    case SHORT_NONCE -> SHORT_NONCE_LENGTH;
                    case LONG_NONCE -> LONG_NONCE_LENGTH;
                    default -> NONCE_LENGTH;
                }];
        random.nextBytes(nonce);
        byte[] closedNonce = encrypted(block(kind, nonce));
        byte[] identity = IsakmpBody.of(IsakmpPayload.Identification.of(
                        new Identification(Identification.FQDN, name(kind).getBytes(StandardCharsets.US_ASCII))))
                .octets();
        if (kind == Kind.MALFORMED_IDENTITY) {
            identity[identity.length - 5] = 0;
        }
        List<IsakmpBody> bodies = switch (method) {
            case RSA_ENCR ->
                List.of(
                        body(IsakmpPayloadType.KEY_EXCHANGE, publicValue),
                        body(IsakmpPayloadType.IDENTIFICATION, encrypted(block(Kind.GOOD, identity))),
                        body(IsakmpPayloadType.NONCE, closedNonce));
            case RSA_ENCR_REVISED -> {
                byte[] ke = ke(nonce, cookie);
                byte[] value = closed(ke, new byte[AES_BLOCK], publicValue);
                byte[] iv = Arrays.copyOfRange(value, value.length - AES_BLOCK, value.length);
                yield List.of(
                        body(IsakmpPayloadType.NONCE, closedNonce),
                        body(IsakmpPayloadType.KEY_EXCHANGE, value),
                        body(IsakmpPayloadType.IDENTIFICATION, closed(ke, iv, identity)));
            }
        };
        return IsakmpCodec.encode(header(cookie, responders), bodies);
    }

    private static IsakmpBody body(IsakmpPayloadType type, byte[] octets) {
        return new IsakmpBody(type.number(), octets);
    }

    /** One as long as the other. */
    private static String name(Kind kind) {
        return kind == Kind.UNKNOWN_IDENTITY
                ? DecryptingGateway.CLIENT.replace("client", "nobody")
                : DecryptingGateway.CLIENT;
    }

    /** A block of PKCS #1 v1.5 of type 2, or what is none. */
    private byte[] block(Kind kind, byte[] message) {
        byte[] block = new byte[blockLength];
        random.nextBytes(block);
        for (int i = 0; i < block.length; i++) {
            block[i] = block[i] == 0 ? 1 : block[i];
        }
        block[0] = (byte) (kind == Kind.FIRST_OCTET ? 1 : 0);
        block[1] = (byte) (kind == Kind.BLOCK_TYPE ? 1 : 2);
        System.arraycopy(message, 0, block, block.length - message.length, message.length);
        block[block.length - message.length - 1] = 0;
        if (kind == Kind.NO_SEPARATOR) {
            for (int i = 2; i < block.length; i++) {
                block[i] = block[i] == 0 ? 1 : block[i];
            }
        }
        if (kind == Kind.EARLY_SEPARATOR) {
            block[2 + random.nextInt(MIN_PADDING)] = 0;
        }
        return block;
    }

    private byte[] encrypted(byte[] block) {
        byte[] ciphertext = new byte[blockLength];
        fixed(new BigInteger(1, block).modPow(key.getPublicExponent(), key.getModulus()), ciphertext, 0, blockLength);
        return ciphertext;
    }

    /** The big-endian number, with zeros before it. */
    private static void fixed(BigInteger number, byte[] octets, int at, int length) {
        byte[] value = number.toByteArray();
        int taken = Math.min(value.length, length);
        System.arraycopy(value, value.length - taken, octets, at + length - taken, taken);
    }

    /** RFC 2409 section 5.3: {@code Ne_i = prf(Ni_b, CKY-I)}, of which the cipher takes its first octets. */
    private static byte[] ke(byte[] nonce, long cookie) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(nonce, "HmacSHA256"));
        return Arrays.copyOf(
                mac.doFinal(ByteBuffer.allocate(Long.BYTES).putLong(cookie).array()), KEY_BITS / 8);
    }

    private static byte[] closed(byte[] ke, byte[] iv, byte[] body) throws GeneralSecurityException {
        byte[] text = Arrays.copyOf(body, (body.length / AES_BLOCK + 1) * AES_BLOCK);
        text[text.length - 1] = (byte) (text.length - body.length - 1);
        Cipher cipher = Cipher.getInstance("AES/CBC/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(ke, "AES"), new IvParameterSpec(iv));
        return cipher.doFinal(text);
    }
}
