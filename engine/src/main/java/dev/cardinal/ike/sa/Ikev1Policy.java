package dev.cardinal.ike.sa;

import dev.cardinal.ike.wire.Proposal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a connection means beyond {@link PeerPolicy} where the peer speaks IKEv1 (RFC 2409).
 *
 * @param proposals the connection's, as far as IKEv1 has words for them, numbered from 1 again: ciphers that are no AEADs,
 *     hashes (as integrity algorithms, each with its pseudorandom function) and groups; never empty
 * @param aggressive Aggressive Mode instead of Main Mode, as initiator and as responder
 * @param aggressiveResponder whether Aggressive Mode is answered too: false where its pre-shared key could be guessed off line
 *     and the operator has not said that this is no matter. Never true unless {@code aggressive} is
 * @param rsaEncryption how SKEYID is made where a method with RSA encryption authenticates
 * @param xauth extended authentication after phase 1; null where there is none
 */
public record Ikev1Policy(
        List<Proposal> proposals,
        boolean aggressive,
        boolean aggressiveResponder,
        RsaEncryptionCompatibility rsaEncryption,
        @Nullable XauthPolicy xauth) {

    public Ikev1Policy {
        proposals = List.copyOf(proposals);
        if (aggressiveResponder && !aggressive) {
            throw new IllegalArgumentException("an Aggressive Mode that is not wanted would be answered");
        }
    }

    /** What SKEYID is made of in the methods with RSA encryption: {@code rsa_encr_compat}. */
    public enum RsaEncryptionCompatibility {
        /** RFC 2409 section 5: {@code prf(hash(Ni_b | Nr_b), CKY-I | CKY-R)}. */
        RFC,
        /** Cisco's: {@code prf(Ni_b | Nr_b, CKY-I | CKY-R)}. */
        CISCO,
        /** Cisco's where the peer's vendor IDs say that it is one, else the RFC's. */
        AUTO
    }
}
