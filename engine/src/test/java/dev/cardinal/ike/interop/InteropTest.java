package dev.cardinal.ike.interop;

import dev.cardinal.ike.interop.InteropCase.By;
import dev.cardinal.ike.interop.InteropCase.Place;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The daemon against strongSwan, the daemon's keys on a SoftHSM token: see {@link InteropTable} for the cases. Each case
 * starts a daemon of its own; a charon serves all cases of its place. Prints a table at the end.
 *
 * <p>{@code -Dcardinal.interop.case=PART} runs the cases whose names hold PART. {@code -Dcardinal.interop.standin=true}
 * puts a second strongSwan in the daemon's place, with the daemon's configuration, and so tests the cases themselves.
 */
@Tag("interop")
final class InteropTest {

    private record Result(String name, boolean passed, long millis) {}

    /** Four kilobytes of intermediate authorities: IKE_AUTH cannot fit a datagram. */
    private static final int LONG_CHAIN = 4;

    private static final boolean STAND_IN = Boolean.getBoolean("cardinal.interop.standin");
    private static final String ONLY = System.getProperty("cardinal.interop.case", "");

    @TempDir
    static Path temporary = Path.of("");

    private static final List<Result> RESULTS = new ArrayList<>();
    private static final Map<Place, Strongswan> CHARONS = new EnumMap<>(Place.class);
    private static final Map<Place, Lab> LABS = new EnumMap<>(Place.class);
    private static final Map<Authentication.Key, TestPki> PKIS = new EnumMap<>(Authentication.Key.class);
    private static final Map<Authentication.Key, TestPki.Credential> OURS = new EnumMap<>(Authentication.Key.class);
    private static final Map<Authentication.Key, TestPki.Credential> THEIRS = new EnumMap<>(Authentication.Key.class);

    private static @Nullable CardToken theirCard;

    @BeforeAll
    static void prepare() {
        Lab.requireRoot();
        Lab.sweep();
        // when the build is interrupted; after a good end there is nothing left to do
        Runtime.getRuntime().addShutdownHook(new Thread(InteropTest::leaveNothing));
        TestPki rsa = new TestPki(TestPki.KeyType.RSA_2048);
        PKIS.put(Authentication.Key.RSA, rsa);
        PKIS.put(Authentication.Key.RSA_CHAIN, rsa);
        PKIS.put(Authentication.Key.ECDSA_P256, new TestPki(TestPki.KeyType.ECDSA_P256));
        PKIS.put(Authentication.Key.ECDSA_P384, new TestPki(TestPki.KeyType.ECDSA_P384));
        PKIS.forEach((key, pki) -> {
            int intermediates = key == Authentication.Key.RSA_CHAIN ? LONG_CHAIN : 0;
            OURS.put(key, pki.issueBelow("a.test", intermediates));
            THEIRS.put(key, pki.issueBelow("b.test", intermediates));
        });
    }

    @TestFactory
    Stream<DynamicTest> cases() {
        List<InteropCase> all = InteropTable.cases();
        long names = all.stream().map(row -> row.name).distinct().count();
        if (names != all.size()) {
            throw new AssertionError("two cases have one name");
        }
        InteropToken softHsm = new SoftHsmToken(temporary.resolve("token"));
        InteropToken ourCard = new CardToken(temporary.resolve("our-card"));
        OURS.forEach((key, credential) -> {
            softHsm.importKey(label(key), credential);
            ourCard.importKey(label(key), credential);
        });
        return all.stream()
                .filter(row -> row.name.contains(ONLY))
                .map(row -> DynamicTest.dynamicTest(row.name, () -> timed(row, row.ourCard ? ourCard : softHsm)));
    }

    private static String label(Authentication.Key key) {
        return key.name().toLowerCase(Locale.ROOT);
    }

    /** The token with strongSwan's keys, made when a case first needs it. */
    private static synchronized CardToken theirCard() {
        CardToken token = theirCard;
        if (token == null) {
            token = new CardToken(temporary.resolve("their-card"));
            for (Map.Entry<Authentication.Key, TestPki.Credential> entry : THEIRS.entrySet()) {
                token.importKey(label(entry.getKey()), entry.getValue());
            }
            theirCard = token;
        }
        return token;
    }

    private static void timed(InteropCase row, InteropToken token) {
        long startNanos = System.nanoTime();
        boolean passed = false;
        try {
            run(row, charon(row.place), token);
            passed = true;
        } catch (Throwable t) {
            throw new AssertionError(row.name + ": " + t.getMessage(), t);
        } finally {
            RESULTS.add(new Result(row.name, passed, (System.nanoTime() - startNanos) / 1_000_000));
        }
    }

    private static void run(InteropCase row, Strongswan theirs, InteropToken token) {
        Lab lab = lab(row.place);
        Path folder = temporary.resolve(row.name);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        theirs.load(theirConfig(row, lab), String.join("\n", row.theirSettings) + "\n" + placeSettings(row.place));
        String namespace = row.place.oursIsLeft() ? lab.left() : lab.right();
        if (row.initiator == By.OURS) {
            row.before.run(lab, folder);
        }
        try (NearEnd near = start(row, lab, theirs, namespace, folder, token)) {
            InteropRun run = new InteropRun(row, lab, theirs, near);
            try {
                if (row.initiator == By.THEIRS) {
                    row.before.run(lab, folder);
                    if (row.refusal != null) {
                        theirs.initiateInVain("net");
                    } else if (row.childless()) {
                        theirs.initiateIke("net");
                    } else {
                        theirs.initiateChild("net");
                    }
                }
                if (row.refusal != null) {
                    run.assertRefused(row.refusal);
                } else {
                    run.assertEstablished();
                }
                row.step.run(run);
                if (row.standing) {
                    near.stop();
                    // RFC 7296 section 1.4.1: we deleted it, the peer did not time out
                    run.awaitTheirsGone();
                    run.awaitLog(Pattern.compile("received DELETE for IKE_SA"), 1);
                }
            } catch (Throwable t) {
                throw new AssertionError(
                        t.getMessage() + "\n" + near.output() + "\n-- strongSwan's log\n" + theirs.log(), t);
            }
        }
    }

    private static NearEnd start(
            InteropCase row, Lab lab, Strongswan theirs, String namespace, Path folder, InteropToken token) {
        try {
            return STAND_IN ? standIn(row, lab, namespace, folder) : daemon(row, lab, namespace, folder, token);
        } catch (Throwable t) {
            throw new AssertionError(t.getMessage() + "\n-- strongSwan's log\n" + theirs.log(), t);
        }
    }

    private static NearEnd daemon(InteropCase row, Lab lab, String namespace, Path folder, InteropToken token) {
        ConfigFolder config = ourConfig(row, lab).file("cardinal.conf", """
                        cardinal {
                          listen = %s
                          loops = 1
                          sad = none
                          %s
                        }
                        tokens {
                          main {
                            module = %s
                            token = %s
                            pin_file = %s
                            roles = sign, key-exchange
                            workers = 2
                          }
                        }
                        """.formatted(
                        ourAddress(row, lab),
                        String.join("\n  ", row.ourSettings) + (row.keysTold ? "\n  key_log = " + keyLog(folder) : ""),
                        token.module(),
                        InteropToken.LABEL,
                        token.pinFile()));
        config.writeTo(folder);
        if (row.initiator == By.THEIRS) {
            return CardinalProcess.gateway(namespace, folder, token);
        }
        if (row.refusal != null) {
            return CardinalProcess.initiateInVain(namespace, folder, token, "net");
        }
        return row.childless()
                ? CardinalProcess.initiateIke(namespace, folder, token, "net")
                : CardinalProcess.initiateChild(namespace, folder, token, "net");
    }

    /** Where our end tells of its keys. */
    static Path keyLog(Path folder) {
        return folder.resolve("keys");
    }

    private static NearEnd standIn(InteropCase row, Lab lab, String namespace, Path folder) {
        Strongswan.Plane plane = row.place == Place.KERNEL ? Strongswan.Plane.KERNEL : Strongswan.Plane.LIBIPSEC;
        String settings = String.join("\n", row.ourSettings) + "\n" + row.authentication.strongswanSettings();
        Strongswan strongswan = new Strongswan(namespace, folder, plane, settings);
        ConfigFolder config = ourConfig(row, lab);
        TestPki.Credential credential = OURS.get(row.key);
        if (credential != null) {
            config.privateKey("own", credential);
        }
        StandIn standIn = new StandIn(strongswan);
        try {
            strongswan.load(config, settings);
            return row.initiator == By.OURS ? standIn.initiate(row) : standIn;
        } catch (Throwable t) {
            standIn.close();
            throw t;
        }
    }

    // ---- configurations ---------------------------------------------------------------------------------------------

    private static String address(InteropCase row, Lab lab, boolean left) {
        if (row.place == Place.DIRECT_IPV6) {
            return left ? Lab.LEFT6 : Lab.RIGHT6;
        }
        return left ? Lab.LEFT : lab.rightAddress();
    }

    private static String ourAddress(InteropCase row, Lab lab) {
        return address(row, lab, row.place.oursIsLeft());
    }

    private static ConfigFolder ourConfig(InteropCase row, Lab lab) {
        boolean left = row.place.oursIsLeft();
        List<String> connection = new ArrayList<>(row.ourConnection);
        if (STAND_IN) {
            connection.add("mobike = no");
        }
        if (row.version == 2 && row.childless() && row.initiator == By.OURS) {
            connection.add("childless = force");
        }
        return config(row, lab, left, "a.test", "b.test", OURS.get(row.key), connection, row.ourChild);
    }

    private static ConfigFolder theirConfig(InteropCase row, Lab lab) {
        boolean left = !row.place.oursIsLeft();
        List<String> connection = new ArrayList<>(row.theirConnection);
        // with it, strongSwan moves to port 4500 even where there is no NAT
        connection.add("mobike = no");
        if (row.version == 2 && row.childless() && row.initiator == By.THEIRS) {
            connection.add("childless = force");
        }
        ConfigFolder config =
                config(row, lab, left, row.theirIdentity, "a.test", THEIRS.get(row.key), connection, row.theirChild);
        TestPki.Credential credential = THEIRS.get(row.key);
        if (credential == null || row.place == Place.THEIR_CARD) {
            return config;
        }
        return config.privateKey("own", credential);
    }

    /** A private key on the card, as swanctl.conf names it. */
    private static String onTheirCard(Authentication.Key key) {
        return """
                token-own {
                  handle = %s
                  module = card
                  slot = 0
                  pin = %s
                }
                """.formatted(theirCard().id(label(key)), CardToken.PIN);
    }

    /** strongSwan's settings that go with a place. */
    private static String placeSettings(Place place) {
        return switch (place) {
            case COOKIES -> "cookie_threshold = 1";
            case THEIR_CARD -> """
                plugins {
                  pkcs11 {
                    modules {
                      card {
                        path = %s
                        os_locking = yes
                        load_certs = no
                      }
                    }
                  }
                }
                """.formatted(theirCard().module());
            case DIRECT, DIRECT_IPV6, KERNEL, NAT_THEIRS, NAT_OURS -> "";
        };
    }

    private static ConfigFolder config(
            InteropCase row,
            Lab lab,
            boolean left,
            String id,
            String peerId,
            TestPki.@Nullable Credential credential,
            List<String> connection,
            List<String> child) {
        // a host before the box cannot know where the other one's packets will come from
        String remote = lab.isNat() && left ? "%any" : address(row, lab, !left);
        String local = row.place == Place.DIRECT_IPV6 ? "fd91:%d::/64" : "10.91.%d.0/24";
        String certificates = credential == null ? "" : "certs = own.pem";
        boolean ours = left == row.place.oursIsLeft();
        ConfigFolder folder = new ConfigFolder().file("swanctl.conf", """
                        connections {
                          net {
                            version = %d
                            aggressive = %s
                            proposals = %s
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
                            children {
                              net {
                                local_ts = %s
                                remote_ts = %s
                                esp_proposals = %s
                                %s
                              }
                              %s
                            }
                            %s
                          }
                        }
                        secrets {
                          ike-1 {
                            id-a = a.test
                            id-b = %s
                            secret = "%s"
                          }
                          %s
                        }
                        """.formatted(
                        row.version,
                        row.aggressive ? "yes" : "no",
                        row.ike,
                        address(row, lab, left),
                        remote,
                        row.authentication.words(),
                        id,
                        certificates,
                        row.authentication.words(),
                        peerId,
                        local.formatted(left ? 1 : 2),
                        local.formatted(left ? 2 : 1),
                        row.esp,
                        String.join("\n        ", child),
                        row.second ? secondChild(row, left) : "",
                        String.join("\n    ", connection),
                        ours ? "b.test" : row.theirIdentity,
                        ours ? InteropCase.SECRET : row.theirSecret,
                        !ours && row.place == Place.THEIR_CARD ? onTheirCard(row.key) : ""));
        if (credential != null) {
            folder.certificates("own", credential);
            TestPki pki = PKIS.get(row.key);
            if (pki != null) {
                folder.file("x509ca/root.pem", ConfigFolder.pem(pki.root()));
            }
        }
        return folder;
    }

    private static String secondChild(InteropCase row, boolean left) {
        return """
                second {
                  local_ts = 10.92.%d.0/24
                  remote_ts = 10.92.%d.0/24
                  esp_proposals = %s
                }
                """.formatted(left ? 1 : 2, left ? 2 : 1, row.esp);
    }

    // ---- places -----------------------------------------------------------------------------------------------------

    /** The two places of the direct link share its laboratory, and with it one charon. */
    private static Place shared(Place place) {
        return place == Place.DIRECT_IPV6 ? Place.DIRECT : place;
    }

    private static Lab lab(Place place) {
        return LABS.computeIfAbsent(shared(place), where -> {
            String name = where.name().toLowerCase(Locale.ROOT).replace('_', '-');
            return switch (where) {
                case DIRECT, DIRECT_IPV6, KERNEL, COOKIES, THEIR_CARD -> Lab.pair(name);
                case NAT_THEIRS, NAT_OURS -> Lab.nat(name, InteropTable.NAT_PORT);
            };
        });
    }

    private static Strongswan charon(Place place) {
        Lab lab = lab(place);
        return CHARONS.computeIfAbsent(
                shared(place),
                where -> new Strongswan(
                        where.oursIsLeft() ? lab.right() : lab.left(),
                        temporary.resolve("strongswan-" + where),
                        where == Place.KERNEL ? Strongswan.Plane.KERNEL : Strongswan.Plane.LIBIPSEC,
                        placeSettings(where),
                        where == Place.THEIR_CARD ? theirCard().environment() : Map.of()));
    }

    @AfterAll
    static void tearDown() {
        leaveNothing();
        StringBuilder table = new StringBuilder("\nInterop with strongSwan" + (STAND_IN ? " (stand-in)" : "") + "\n");
        for (Result result : RESULTS) {
            table.append("%-42s %-4s %6d ms%n".formatted(result.name, result.passed ? "pass" : "FAIL", result.millis));
        }
        long passed = RESULTS.stream().filter(Result::passed).count();
        long millis = RESULTS.stream().mapToLong(Result::millis).sum();
        table.append("%d of %d cases pass, %d ms%n".formatted(passed, RESULTS.size(), millis));
        System.out.println(table);
    }

    private static synchronized void leaveNothing() {
        CHARONS.values().forEach(Strongswan::close);
        CHARONS.clear();
        LABS.values().forEach(Lab::close);
        LABS.clear();
    }
}
