package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SymmetricCrypto;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpPayload.KeyExchange;
import dev.cardinal.ike.wire.IsakmpPayloadType;
import java.util.List;
import java.util.Set;

/**
 * Public key encryption (RFC 2409 section 5.2): identity and nonce, each under the peer's RSA key; the public value lies open.
 *
 * <pre>
 *   KE, &lt;IDii_b&gt;Pubkey_r, &lt;Ni_b&gt;Pubkey_r  -->
 *                                         <--  KE, &lt;IDir_b&gt;Pubkey_i, &lt;Nr_b&gt;Pubkey_i
 * </pre>
 */
final class RsaEncryption implements EncryptedBodies {
    private static final Set<IsakmpPayloadType> CLOSED =
            Set.of(IsakmpPayloadType.IDENTIFICATION, IsakmpPayloadType.NONCE);

    @Override
    public Set<IsakmpPayloadType> closed() {
        return CLOSED;
    }

    @Override
    public int nonceIndex() {
        return 1;
    }

    @Override
    public List<Secret> plaintexts(byte[] identity, Secret nonce) {
        return List.of(Secret.copyOf(identity), nonce.copy());
    }

    @Override
    public List<IsakmpBody> bodies(Own own, List<byte[]> ciphertexts) {
        return List.of(
                IsakmpBody.of(new KeyExchange(own.keyExchange())),
                new IsakmpBody(IsakmpPayloadType.IDENTIFICATION.number(), ciphertexts.get(0)),
                new IsakmpBody(IsakmpPayloadType.NONCE.number(), ciphertexts.get(1)));
    }

    @Override
    public List<byte[]> ciphertexts(Contents contents) throws Refusal {
        contents.one(KeyExchange.class);
        return List.of(contents.closed(IsakmpPayloadType.IDENTIFICATION), contents.closed(IsakmpPayloadType.NONCE));
    }

    @Override
    public Opened open(Contents contents, List<Secret> plaintexts, Secret nonce) {
        return new Opened(
                contents.body(IsakmpPayloadType.KEY_EXCHANGE), SymmetricCrypto.disclosed(plaintexts.getFirst()));
    }
}
