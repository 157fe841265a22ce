package dev.cardinal.ike.crypto;

import dev.cardinal.ike.wire.Identification;
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
