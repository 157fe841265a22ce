package dev.cardinal.ike.interop;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** IKEv1's remote access against strongSwan, in both roles: XAUTH, Mode Config with an address and a DNS server. */
@Tag("interop")
final class Ikev1RemoteAccessInteropTest {
    private static final Duration LIMIT = Duration.ofSeconds(15);
    private static final String SECRET = "a secret of the group";
    private static final String PASSWORD = "joes secret";
    private static final String KEY = "rsa";
    private static final String OUR_NET = "10.91.1.0/24";
    private static final String THEIR_NET = "10.91.2.0/24";

    @TempDir
    static Path temporary = Path.of("");

    private static final TestPki PKI = new TestPki(TestPki.KeyType.RSA_2048);
    private static final TestPki.Credential OURS = PKI.issueBelow("a.test", 0);
    private static final TestPki.Credential THEIRS = PKI.issueBelow("b.test", 0);

    /** The neighbour in the laboratory, and the token with our key. */
    private record Ground(Lab lab, Strongswan theirs, SoftHsmToken token) {}

    private static @Nullable Ground ground;

    @BeforeAll
    static void layOut() {
        Lab.requireRoot();
        Lab.sweep();
        SoftHsmToken token = new SoftHsmToken(temporary.resolve("token"));
        token.importKey(KEY, OURS);
        Lab lab = Lab.pair("remote");
        try {
            Strongswan theirs =
                    new Strongswan(lab.right(), temporary.resolve("strongswan"), Strongswan.Plane.LIBIPSEC, "");
            ground = new Ground(lab, theirs, token);
        } catch (Throwable t) {
            lab.close();
            throw t;
        }
    }

    @AfterAll
    static void tearDown() {
        if (ground != null) {
            ground.theirs.close();
            ground.lab.close();
        }
    }

    private static Ground ground() {
        Ground laidOut = ground;
        if (laidOut == null) {
            throw new IllegalStateException("no laboratory");
        }
        return laidOut;
    }

    /** @param client whether this end has the password, and wants an address */
    private static ConfigFolder config(
            String net,
            String id,
            String peer,
            String own,
            String remote,
            boolean client,
            boolean aggressive,
            String method,
            String password) {
        String certificates = method.equals("psk") ? "" : "certs = own.pem";
        String role = client ? """
                    local-x {
                      auth = xauth
                      xauth_id = joe
                    }
                    vips = 0.0.0.0
                    children {
                      net {
                        remote_ts = %s
                        esp_proposals = aes256-sha256
                      }
                    }
                    """ : """
                    remote-x {
                      auth = xauth
                    }
                    pools = road
                    children {
                      net {
                        local_ts = %s
                        esp_proposals = aes256-sha256
                      }
                    }
                    """;
        return new ConfigFolder().file("swanctl.conf", """
                        connections {
                          net {
                            version = 1
                            aggressive = %s
                            proposals = aes256-sha256-modp2048
                            local_addrs = %s
                            remote_addrs = %s
                            local {
                              auth = %s
                              id = %s
                              %s
                            }
                            remote {
                              auth = %s
                              id = %s
                            }
                            %s
                          }
                        }
                        pools {
                          road {
                            addrs = 10.3.0.0/24
                            dns = 10.0.0.53
                          }
                        }
                        secrets {
                          ike-1 {
                            id-a = a.test
                            id-b = b.test
                            secret = "%s"
                          }
                          xauth-joe {
                            id = joe
                            secret = "%s"
                          }
                        }
                        """.formatted(
                        aggressive ? "yes" : "no",
                        own,
                        remote,
                        method,
                        id,
                        certificates,
                        method,
                        peer,
                        role.formatted(net),
                        SECRET,
                        password));
    }

    private static ConfigFolder ours(boolean client, boolean aggressive, String method, String password) {
        ConfigFolder folder = config(
                        client ? THEIR_NET : OUR_NET,
                        "a.test",
                        "b.test",
                        Lab.LEFT,
                        ground().lab.rightAddress(),
                        client,
                        aggressive,
                        method,
                        password)
                .file("cardinal.conf", """
                        cardinal {
                          listen = %s
                          loops = 1
                          sad = none
                          i_dont_care_about_security_and_use_aggressive_mode_psk = yes
                        }
                        tokens {
                          main {
                            module = %s
                            token = %s
                            pin_file = %s
                            roles = sign
                            workers = 2
                          }
                        }
                        """.formatted(
                                Lab.LEFT,
                                ground().token.module(),
                                InteropToken.LABEL,
                                ground().token.pinFile()));
        return method.equals("psk")
                ? folder
                : folder.certificates("own", OURS).file("x509ca/root.pem", ConfigFolder.pem(PKI.root()));
    }

    private static ConfigFolder theirs(boolean client, boolean aggressive, String method, String password) {
        ConfigFolder folder = config(
                client ? OUR_NET : THEIR_NET,
                "b.test",
                "a.test",
                ground().lab.rightAddress(),
                Lab.LEFT,
                client,
                aggressive,
                method,
                password);
        return method.equals("psk")
                ? folder
                : folder.certificates("own", THEIRS)
                        .privateKey("own", THEIRS)
                        .file("x509ca/root.pem", ConfigFolder.pem(PKI.root()));
    }

    private static final String SETTINGS = "i_dont_care_about_security_and_use_aggressive_mode_psk = yes\n";

    private static Path folder(String name) throws IOException {
        return Files.createDirectories(temporary.resolve(name));
    }

    private static void await(String what, NearEnd near, String ours, String... theirs) {
        Await.until(
                LIMIT,
                what,
                () -> near.output() + "\n-- strongSwan's log\n"
                        + ground().theirs.log() + ground().theirs.listing(),
                () -> Pattern.compile(ours).matcher(near.output()).find()
                        && List.of(theirs).stream()
                                .allMatch(each -> Pattern.compile(each)
                                        .matcher(ground().theirs.log()
                                                + ground().theirs.listing())
                                        .find()));
    }

    @ParameterizedTest
    @CsvSource({"psk, false", "psk, true", "pubkey, false", "pubkey, true"})
    void theirClientAtOurGateway(String method, boolean aggressive) throws Exception {
        Path folder = folder("gateway-" + method + aggressive);
        ours(false, aggressive, method, PASSWORD).writeTo(folder);
        ground().theirs.load(theirs(true, aggressive, method, PASSWORD), SETTINGS);
        try (NearEnd near = CardinalProcess.gateway(ground().lab.left(), folder, ground().token)) {
            ground().theirs.initiateChild("net");
            await(
                    "a client with an address",
                    near,
                    "IKE SA established between 'a.test' and 'joe', .*(PSK|RSA signature) and XAUTH",
                    "XAuth authentication of 'joe' \\(myself\\) successful",
                    "parsed TRANSACTION response \\d+ \\[ HASH CPRP\\(ADDR DNS\\) \\]",
                    "installing new virtual IP 10\\.3\\.0\\.1",
                    "local +10\\.3\\.0\\.1/32");
            await("a Child SA", near, "Child SA established: .* TS 10\\.91\\.1\\.0/24 === 10\\.3\\.0\\.1/32");
            assertFalse(near.output().contains(PASSWORD));
            ground().theirs.terminateIke("net");
            await("the end", near, "IKE SA closed \\(PEER_DELETED\\)");
            // the address is the client's still
            ground().theirs.initiateChild("net");
            await("the same address again", near, "(?s)(virtual addresses for the peer: 10\\.3\\.0\\.1\\n.*){2}");
            near.stop();
        }
    }

    @ParameterizedTest
    @CsvSource({"psk, false", "psk, true", "pubkey, false", "pubkey, true"})
    void ourClientAtTheirGateway(String method, boolean aggressive) throws Exception {
        Path folder = folder("client-" + method + aggressive);
        ours(true, aggressive, method, PASSWORD).writeTo(folder);
        ground().theirs.load(theirs(false, aggressive, method, PASSWORD), SETTINGS);
        try (NearEnd near = CardinalProcess.initiateChild(ground().lab.left(), folder, ground().token, "net")) {
            await(
                    "an address of theirs",
                    near,
                    "virtual addresses from the peer: 10\\.3\\.0\\.\\d+, DNS 10\\.0\\.0\\.53",
                    "XAuth authentication of 'joe' successful",
                    "assigning virtual IP 10\\.3\\.0\\.\\d+ to peer 'joe'",
                    "remote +10\\.3\\.0\\.\\d+/32");
            await("a Child SA", near, "Child SA established: .* TS 10\\.3\\.0\\.\\d+/32 === 10\\.91\\.2\\.0/24");
            assertFalse(near.output().contains(PASSWORD));
            near.stop();
            await("the end", near, "", "received DELETE for IKE_SA");
        }
    }

    @ParameterizedTest
    @CsvSource({"psk", "pubkey"})
    void aWrongPasswordAtOurGateway(String method) throws Exception {
        Path folder = folder("wrong-" + method);
        ours(false, false, method, PASSWORD).writeTo(folder);
        ground().theirs.load(theirs(true, false, method, "not joes secret"), SETTINGS);
        try (NearEnd near = CardinalProcess.gateway(ground().lab.left(), folder, ground().token)) {
            Command.Output refused = ground().theirs.tryInitiateChild("net");
            assertFalse(refused.code() == 0, refused.text());
            await(
                    "a refusal",
                    near,
                    "authentication of 'joe' failed: no such XAUTH user, or a wrong password",
                    "parsed TRANSACTION request \\d+ \\[ HASH CPS\\(X_STATUS\\) \\]");
            await("the end", near, "IKE SA closed \\(FAILED\\)");
            assertFalse(near.output().contains("not joes secret"));
            near.stop();
        }
    }
}
