package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IsakmpCipher;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpPayload.Certificate;
import dev.cardinal.ike.wire.IsakmpPayloadType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The revised mode of public key encryption (RFC 2409 section 5.3): the nonce alone goes under the peer's RSA key, and the
 * other bodies under a key that is made of it.
 *
 * <pre>
 *   &lt;Ni_b&gt;Pubkey_r, &lt;KE_b&gt;Ke_i, &lt;IDii_b&gt;Ke_i, [&lt;Cert-I_b&gt;Ke_i]  -->
 *                                         <--  &lt;Nr_b&gt;Pubkey_i, &lt;KE_b&gt;Ke_r, &lt;IDir_b&gt;Ke_r
 * </pre>
 *
 * {@code Ne_i = prf(Ni_b, CKY-I)}, of which Ke_i is made as the key of messages is of SKEYID_e; likewise Ke_r. The IV is zero
 * for the first body, then the last block of the one before. Every body is padded: zeros, and how many of them in a last octet.
 */
final class RevisedRsaEncryption implements EncryptedBodies {
    /** All that either method encrypts. */
    static final Set<IsakmpPayloadType> CLOSED = Set.of(
            IsakmpPayloadType.NONCE,
            IsakmpPayloadType.KEY_EXCHANGE,
            IsakmpPayloadType.IDENTIFICATION,
            IsakmpPayloadType.CERTIFICATE);

    private final Ikev1Sa sa;

    RevisedRsaEncryption(Ikev1Sa sa) {
        this.sa = sa;
    }

    @Override
    public Set<IsakmpPayloadType> closed() {
        return CLOSED;
    }

    @Override
    public int nonceIndex() {
        return 0;
    }

    @Override
    public List<Secret> plaintexts(byte[] identity, Secret nonce) {
        return List.of(nonce.copy());
    }

    @Override
    public List<IsakmpBody> bodies(Own own, List<byte[]> ciphertexts) {
        List<IsakmpBody> open = new ArrayList<>();
        open.add(new IsakmpBody(IsakmpPayloadType.KEY_EXCHANGE.number(), own.keyExchange()));
        open.add(new IsakmpBody(IsakmpPayloadType.IDENTIFICATION.number(), own.identity()));
        byte[] der = own.certificate();
        if (der != null) {
            open.add(IsakmpBody.of(new Certificate(Certificate.X509_KEY_EXCHANGE, der)));
        }
        List<IsakmpBody> bodies = new ArrayList<>();
        bodies.add(new IsakmpBody(IsakmpPayloadType.NONCE.number(), ciphertexts.getFirst()));
        try (IsakmpCipher cipher = cipher(own.nonce(), sa.initiator)) {
            byte[] iv = new byte[cipher.blockLength()];
            for (IsakmpBody body : open) {
                byte[] text = cipher.encryptBlocks(padded(body.octets(), iv.length), iv);
                iv = lastBlock(text, iv.length);
                bodies.add(new IsakmpBody(body.type(), text));
            }
        }
        return bodies;
    }

    @Override
    public List<byte[]> ciphertexts(Contents contents) throws Refusal {
        contents.closed(IsakmpPayloadType.KEY_EXCHANGE);
        contents.closed(IsakmpPayloadType.IDENTIFICATION);
        return List.of(contents.closed(IsakmpPayloadType.NONCE));
    }

    @Override
    public Opened open(Contents contents, List<Secret> plaintexts, Secret nonce) {
        byte[] keyExchange = null;
        byte[] identity = null;
        try (IsakmpCipher cipher = cipher(nonce, !sa.initiator)) {
            byte[] iv = new byte[cipher.blockLength()];
            for (IsakmpBody body : contents.message().bodies()) {
                boolean isKeyExchange = body.type() == IsakmpPayloadType.KEY_EXCHANGE.number();
                boolean isIdentity = body.type() == IsakmpPayloadType.IDENTIFICATION.number();
                byte[] text = body.octets();
                // certificates come last and tell nothing that the configuration does not
                if ((isKeyExchange || isIdentity) && text.length > 0 && text.length % iv.length == 0) {
                    byte[] opened = unpadded(cipher.decryptBlocks(text, iv), iv.length);
                    iv = lastBlock(text, iv.length);
                    keyExchange = isKeyExchange ? opened : keyExchange;
                    identity = isIdentity ? opened : identity;
                }
            }
        }
        return new Opened(keyExchange, identity);
    }

    /** Under Ke_i or Ke_r. */
    private IsakmpCipher cipher(Secret nonce, boolean initiators) {
        SymmetricCrypto symmetric = sa.environment.symmetric();
        Phase1Suite suite = Ikev1Sa.required(sa.suite);
        EncryptionAlgorithm encryption = suite.encryption();
        long cookie = initiators ? sa.initiatorCookie() : sa.responderCookie();
        byte[] octets = ByteBuffer.allocate(Long.BYTES).putLong(cookie).array();
        try (Secret ne = symmetric.prf(suite.prf(), nonce, octets)) {
            return new IsakmpCipher(symmetric, encryption, suite.prf(), ne, suite.keyLength());
        }
    }

    private static byte[] padded(byte[] body, int blockLength) {
        byte[] text = Arrays.copyOf(body, (body.length / blockLength + 1) * blockLength);
        text[text.length - 1] = (byte) (text.length - body.length - 1);
        return text;
    }

    /** @return null where the padding is none */
    private static byte @Nullable [] unpadded(byte[] text, int blockLength) {
        int zeros = text[text.length - 1] & 0xff;
        if (zeros >= blockLength) {
            return null;
        }
        int wrong = 0;
        int length = text.length - 1 - zeros;
        for (int i = length; i < text.length - 1; i++) {
            wrong |= text[i];
        }
        return wrong == 0 ? Arrays.copyOf(text, length) : null;
    }

    private static byte[] lastBlock(byte[] text, int blockLength) {
        return Arrays.copyOfRange(text, text.length - blockLength, text.length);
    }
}
