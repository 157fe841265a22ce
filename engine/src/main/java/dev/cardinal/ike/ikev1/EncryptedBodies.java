package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpPayloadType;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which bodies of phase 1 are encrypted by what: public key encryption as it was first, and revised. */
sealed interface EncryptedBodies permits RsaEncryption, RevisedRsaEncryption {

    /** Types whose bodies are no payloads before they are decrypted. */
    Set<IsakmpPayloadType> closed();

    /** Where the nonce stands among what the RSA keys encrypt. */
    int nonceIndex();

    /**
     * What goes under the peer's RSA key.
     *
     * @param nonce stays the caller's
     * @return the caller's to close
     */
    List<Secret> plaintexts(byte[] identity, Secret nonce);

    /**
     * Our key exchange, identity and nonce as they go on the wire.
     *
     * @param ciphertexts of {@link #plaintexts}
     */
    List<IsakmpBody> bodies(Own own, List<byte[]> ciphertexts);

    /**
     * What our RSA key is to decrypt.
     *
     * @throws Refusal where the message is not of this method's shape, which everybody can see
     */
    List<byte[]> ciphertexts(Contents contents) throws Refusal;

    /**
     * Reads what a message holds.
     *
     * @param plaintexts of {@link #ciphertexts}, whatever they are; stay the caller's
     * @param nonce the peer's, or what stands for it; stays the caller's
     */
    Opened open(Contents contents, List<Secret> plaintexts, Secret nonce);

    /**
     * Our values.
     *
     * @param keyExchange our public value
     * @param identity IDii_b or IDir_b
     * @param nonce stays its owner's
     * @param certificate our certificate's DER, which the revised mode may send; null for none
     */
    record Own(byte[] keyExchange, byte[] identity, Secret nonce, byte @Nullable [] certificate) {}

    /**
     * The peer's values, as far as they can be read; what they are is not checked.
     *
     * @param keyExchange null where there is none
     * @param identity IDii_b or IDir_b; null where there is none
     */
    record Opened(byte @Nullable [] keyExchange, byte @Nullable [] identity) {}
}
