package dev.cardinal.ike.interop;

import java.util.regex.Pattern;

/** How both ends prove themselves, and the words in which strongSwan's log says that the near end did so. */
enum Authentication {
    PSK("psk", Key.NONE, "", "pre-shared key"),
    /** Method 1 of RFC 7296: RSA with PKCS#1 v1.5; strongSwan does not offer RFC 7427. */
    RSA("pubkey", Key.RSA, "signature_authentication = no", "RSA signature"),
    /** Method 9 of RFC 4754. */
    ECDSA_P256("pubkey", Key.ECDSA_P256, "signature_authentication = no", "ECDSA-256 signature"),
    /** Method 10 of RFC 4754. */
    ECDSA_P384("pubkey", Key.ECDSA_P384, "signature_authentication = no", "ECDSA-384 signature"),
    /** Method 14 of RFC 7427 with PKCS#1 v1.5. */
    SIGNATURE_PKCS1("ike:rsa-sha256", Key.RSA, "", "RSA_EMSA_PKCS1_SHA2_256"),
    SIGNATURE_PSS("ike:rsa/pss-sha256", Key.RSA, "rsa_pss = yes", "RSA_EMSA_PSS_SHA2_256\\S*"),
    SIGNATURE_PSS_SHA512("ike:rsa/pss-sha512", Key.RSA, "rsa_pss = yes", "RSA_EMSA_PSS_SHA2_512\\S*"),
    SIGNATURE_ECDSA("ike:ecdsa-sha256", Key.ECDSA_P256, "", "ECDSA_WITH_SHA256_DER");

    /** Which of the prepared credentials an end uses. */
    enum Key {
        NONE,
        RSA,
        ECDSA_P256,
        ECDSA_P384,
        /** RSA at the end of a chain that fits no datagram. */
        RSA_CHAIN
    }

    private final String words;
    private final Key key;
    private final String strongswanSettings;
    private final String proof;

    Authentication(String words, Key key, String strongswanSettings, String proof) {
        this.words = words;
        this.key = key;
        this.strongswanSettings = strongswanSettings;
        this.proof = proof;
    }

    /** The value of {@code auth} in swanctl.conf. */
    String words() {
        return words;
    }

    Key key() {
        return key;
    }

    /** Lines for strongSwan's {@code charon} section. */
    String strongswanSettings() {
        return strongswanSettings;
    }

    /** The log line of a peer's proof accepted. @param version of IKE */
    Pattern accepted(int version, String identity) {
        if (version == 1 && this == PSK) {
            // no line of its own
            return Pattern.compile("IKE_SA net\\[\\d+\\] established between .*\\[" + Pattern.quote(identity) + "\\]");
        }
        // RFC 2409 has the hash signed as it is, and RFC 4754 keeps to that
        String proof = version == 2 ? this.proof : this == RSA ? "RSA_EMSA_PKCS1_NULL" : "ECDSA_WITH_NULL";
        return Pattern.compile("authentication of '" + Pattern.quote(identity) + "' with " + proof + " successful");
    }
}
