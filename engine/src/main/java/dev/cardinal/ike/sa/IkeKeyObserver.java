package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.Secret;
import org.jspecify.annotations.Nullable;

/** A debug key log, off unless the operator asks for it: with it, captures can be decrypted. */
public interface IkeKeyObserver {

    /**
     * The keys of an IKE SA were derived. The secrets are lent for the time of the call.
     *
     * @param skAi null with an AEAD
     * @param skAr null with an AEAD
     */
    void derived(
            long initiatorSpi,
            long responderSpi,
            IkeSuite suite,
            Secret skEi,
            Secret skEr,
            @Nullable Secret skAi,
            @Nullable Secret skAr);

    /**
     * The key of an ISAKMP SA was derived (RFC 2409 appendix B). It is lent for the time of the call.
     *
     * @param key of the cipher: Ka where SKEYID_e is too short, else the beginning of SKEYID_e
     */
    void derivedIkev1(long initiatorCookie, Secret key);
}
