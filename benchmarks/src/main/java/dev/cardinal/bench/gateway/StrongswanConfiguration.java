package dev.cardinal.bench.gateway;

import dev.cardinal.bench.load.GatewayPki;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * strongSwan's configuration for handshakes at the least processor time, each setting measured against its alternatives.
 *
 * @param token that holds the private key, null where a file does or there is none
 */
record StrongswanConfiguration(GatewayOrder order, @Nullable TokenMaker token) {
    static final int PORT = 500;

    /** In the network that Child SAs reach. */
    static final String OWN_ADDRESS = "10.0.0.1/32";

    /** As many as charon has by itself; on one processor 5, 8 and 16 cost the same. */
    static final int THREADS = 16;

    /**
     * Charon asks plugins in this order, the cheapest of several on Zen 4. OpenSSL 3.0 looks up ciphers, hashes and decoders at
     * each use, so what is small goes before it: AES-GCM, SHA-2, HMAC and the key derivation, certificates (with P-256 keys
     * above all). gmp goes before it for MODP groups, whose peer values OpenSSL validates by a whole exponentiation. RSA, which
     * gmp has too, stays with openssl, since that alone reads keys as DER and is asked before pkcs1, which would hand their
     * numbers to gmp. X25519 costs least in openssl, RSA too, with AVX-512 IFMA.
     */
    private static final List<String> COMPUTING = List.of(
            "random", "nonce", "aesni", "sha1", "sha2", "hmac", "kdf", "gmp", "x509", "openssl", "pem", "pkcs1",
            "pkcs8", "pubkey");

    List<String> plugins() {
        List<String> plugins = new ArrayList<>(COMPUTING);
        if (token != null) {
            plugins.add("pkcs11");
        }
        if (order.child()) {
            plugins.add("kernel-libipsec"); // before kernel-netlink, which does its part where there is no kernel ESP
        }
        plugins.addAll(List.of("kernel-netlink", "socket-default", "vici"));
        return plugins;
    }

    /**
     * The text of {@code strongswan.conf}.
     *
     * @param controlSocket swanctl's
     */
    String daemon(Path controlSocket) {
        return """
                charon {
                  load = %s
                  threads = %d
                  dh_exponent_ansi_x9_42 = no
                  ikesa_table_size = 131072
                  ikesa_table_segments = 16
                  cookie_threshold = 0
                  cookie_threshold_ip = 0
                  block_threshold = 0
                  dos_protection = no
                  init_limit_half_open = 0
                  init_limit_job_load = 0
                  install_routes = no
                  install_virtual_ip = no
                  send_vendor_id = no
                  filelog {
                    main {
                      # errors and plugins of the start; nothing of an SA
                      path = %s
                      default = -1
                      dmn = 1
                      lib = 1
                    }
                  }
                  plugins {
                    vici {
                      socket = unix://%s
                    }
                    socket-default {
                      use_ipv6 = no
                    }
                    openssl {
                      load_legacy = no
                    }
                    kernel-libipsec {
                      allow_peer_ts = yes
                    }
                %s  }
                }
                swanctl {
                  load = pem pkcs1 pkcs8 x509 openssl pubkey random
                }
                """.formatted(
                String.join(" ", plugins()), THREADS, log(), controlSocket, token == null ? "" : modules(token));
    }

    /** What charon tells of its start. */
    Path log() {
        return order.folder().resolve("charon.log");
    }

    private static String modules(TokenMaker token) {
        return """
                    pkcs11 {
                      modules {
                        gateway {
                          path = %s
                          load_certs = no
                          os_locking = yes
                        }
                      }
                    }
                """.formatted(token.module());
    }

    /**
     * The text of {@code swanctl.conf}.
     *
     * @throws IOException where the token's PIN cannot be read
     */
    String connections() throws IOException {
        boolean certified = order.suite().authentication().hasCertificates();
        String auth = certified ? "pubkey" : "psk";
        return """
                connections {
                  clients {
                    version = %s
                    local_addrs = %s
                    remote_addrs = %%any
                    proposals = %s
                    childless = %s
                    mobike = no
                    dpd_delay = 0
                    rekey_time = 0
                    reauth_time = 0
                    unique = never
                    send_cert = always
                    local {
                      auth = %s
                %s      id = %s
                    }
                    remote {
                      auth = %s
                      id = %s
                    }
                %s  }
                }
                secrets {
                %s}
                """.formatted(
                        order.suite().version(),
                        order.address().getHostAddress(),
                        order.suite().ikeProposal(),
                        order.child() ? "allow" : "force",
                        auth,
                        certified ? "      certs = gateway.der\n" : "",
                        GatewayPki.GATEWAY,
                        auth,
                        GatewayPki.CLIENTS,
                        order.child() ? children() : "",
                        secrets(certified));
    }

    private String children() {
        return """
                    children {
                      net {
                        local_ts = 10.0.0.0/8
                        esp_proposals = %s
                        rekey_time = 0
                      }
                    }
                """.formatted(order.suite().espProposal());
    }

    private String secrets(boolean certified) throws IOException {
        if (!certified) {
            return "  ike-clients {\n    secret = " + order.pki().presharedKey() + "\n  }\n";
        }
        if (token == null) {
            return ""; // swanctl finds the file
        }
        return "  token-gateway {\n    handle = " + TokenMaker.KEY_ID + "\n    module = gateway\n    pin = "
                + Files.readString(token.pin()).strip() + "\n  }\n";
    }
}
