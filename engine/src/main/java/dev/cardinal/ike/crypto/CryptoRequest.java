package dev.cardinal.ike.crypto;

import dev.cardinal.ike.wire.Identification;
import java.security.PublicKey;
import java.util.List;

/** Public-key work that leaves the loop. Work whose deadline has passed is never started. */
public sealed interface CryptoRequest {

    Urgency urgency();

    /** On the clock that the SA is given. */
    long deadlineNanos();

    /** A fresh key pair. Answered by {@link CryptoOutcome.Generated}. */
    record Generate(KeyExchangeMethod method, KeyExchangePlacement placement, Urgency urgency, long deadlineNanos)
            implements CryptoRequest {}

    /** The agreement with the peer's public value. The handle stays the SA's. Answered by {@link CryptoOutcome.Agreed}. */
    record Agree(
            KeyExchangeHandle handle,
            byte[] peerValue,
            SecretDerivation derivation,
            Urgency urgency,
            long deadlineNanos)
            implements CryptoRequest {}

    /** Both at once. Answered by {@link CryptoOutcome.Agreed} with our public value. */
    record GenerateAndAgree(
            KeyExchangeMethod method,
            KeyExchangePlacement placement,
            byte[] peerValue,
            SecretDerivation derivation,
            Urgency urgency,
            long deadlineNanos)
            implements CryptoRequest {}

    /** A signature over {@code octets}. Answered by {@link CryptoOutcome.Signed}. */
    record Sign(SigningKey key, SignatureScheme scheme, byte[] octets, Urgency urgency, long deadlineNanos)
            implements CryptoRequest {}

    /** Ciphertexts in one request, or plaintexts: more than the payloads of one message are. */
    int TEXT_LIMIT = 8;

    /**
     * The decryption of what a peer encrypted to us, PKCS #1 v1.5. Answered by {@link CryptoOutcome.Decrypted} whatever the
     * ciphertexts are: of one that is none comes a secret too, and nothing here or in the answer tells which that was.
     *
     * @param ciphertexts 1 to {@link #TEXT_LIMIT}; anything at all, hostile octets included
     */
    record Decrypt(DecryptionKey key, List<byte[]> ciphertexts, Urgency urgency, long deadlineNanos)
            implements CryptoRequest {
        public Decrypt {
            requireFew(ciphertexts.size());
        }
    }

    /**
     * Encryption to the peer's public key, PKCS #1 v1.5. Answered by {@link CryptoOutcome.Encrypted}, or by
     * {@link CryptoOutcome.Failed} where the key is no RSA key that is used here or a plaintext is too long for it.
     *
     * @param plaintexts 1 to {@link #TEXT_LIMIT}; stay the SA's
     */
    record EncryptToPeer(PublicKey key, List<Secret> plaintexts, Urgency urgency, long deadlineNanos)
            implements CryptoRequest {
        public EncryptToPeer {
            requireFew(plaintexts.size());
        }
    }

    private static void requireFew(int count) {
        if (count < 1 || count > TEXT_LIMIT) {
            throw new IllegalArgumentException(count + " texts in a request");
        }
    }

    /**
     * The proof that the peer is whom it claims to be: its certificate leads to a trusted authority, is valid now, is not
     * revoked, names the identity, and its key made the signature. Answered by {@link CryptoOutcome.PeerVerified} or
     * {@link CryptoOutcome.PeerRejected}.
     *
     * @param certificates DER as the peer sent them, its own first; empty where it sent none
     * @param id the identity claimed in the ID payload
     * @param scheme the scheme claimed in the AUTH payload
     * @param octets what was signed
     * @param signature ECDSA as {@code r | s}
     */
    record VerifyPeer(
            List<byte[]> certificates,
            TrustPolicy trust,
            Identification id,
            SignatureScheme scheme,
            byte[] octets,
            byte[] signature,
            Urgency urgency,
            long deadlineNanos)
            implements CryptoRequest {}
}
