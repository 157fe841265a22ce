package dev.cardinal.bench.load;

import java.security.KeyPair;

/** What a gateway needs to know of the fleet's authority. The authority lives for one run, its key in memory. */
public interface GatewayPki {
    /** The gateway's identity, an FQDN, and its certificate's subjectAltName. */
    String GATEWAY = "gateway.bench.cardinal.invalid";

    /** What all clients' identities match, as {@code swanctl.conf} spells it. */
    String CLIENTS = "*.clients.bench.cardinal.invalid";

    /** DER of the authority's certificate, which is self-signed. */
    byte[] authority();

    /**
     * Certifies a key as the gateway's.
     *
     * @param publicKeyInfo DER of the SubjectPublicKeyInfo
     * @return DER of the certificate
     */
    byte[] certifyGateway(byte[] publicKeyInfo);

    /** A key pair of the suite's kind for a gateway that keeps it in a file. */
    KeyPair gatewayKeys();

    /** The pre-shared key of all clients, of a run's random; text without quotes or blanks. */
    String presharedKey();
}
