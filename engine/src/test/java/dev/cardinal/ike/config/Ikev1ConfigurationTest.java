package dev.cardinal.ike.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.DecryptionKey;
import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SigningKey;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.Ikev1Policy;
import dev.cardinal.ike.sa.Ikev1Policy.RsaEncryptionCompatibility;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.UserPattern;
import dev.cardinal.ike.sa.VirtualAddresses;
import dev.cardinal.ike.sa.XauthPolicy;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.Proposal;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.x509.GeneralName;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code version = 1} and {@code version = 0} mean in a configuration. */
class Ikev1ConfigurationTest {
    private static final String CLEAR = "i_dont_care_about_security_and_use_aggressive_mode_psk";

    private final ConfigFolder folder;

    Ikev1ConfigurationTest(@TempDir Path path) {
        folder = new ConfigFolder(path);
    }

    /** A connection with pre-shared keys on both sides, and lines of its own, from the third line on. */
    private static String connection(String version, String lines) {
        return """
                connections {
                  gw {%s
                    version = %s
                    local { auth = psk
                      id = gw.example.org }
                    remote { auth = psk }
                  }
                }
                secrets { ike { secret = x } }
                """.formatted(lines.isEmpty() ? "" : "\n" + lines, version);
    }

    private PeerPolicy policy(String text) {
        folder.write("swanctl.conf", text);
        try (Configuration configuration = folder.valid()) {
            return configuration.connections().getFirst().policy();
        }
    }

    private Ikev1Policy ikev1(String text) {
        Ikev1Policy ikev1 = policy(text).ikev1();
        assertNotNull(ikev1);
        return ikev1;
    }

    private List<String> check(String text) {
        folder.write("swanctl.conf", text);
        return folder.check();
    }

    private static InetAddress address(String literal) {
        InetAddress address = AddressText.literal(literal);
        assertNotNull(address);
        return address;
    }

    @Test
    void defaultsOfVersion1AreStrongSwans() {
        PeerPolicy policy = policy(connection("1", ""));
        assertEquals(1, policy.version());
        assertEquals(TimeUnit.HOURS.toNanos(4), policy.rekeyNanos());
        assertEquals(TimeUnit.MINUTES.toNanos(24), policy.overNanos());
        // as long as a request of the peer's would be retransmitted: 4 s * (1 + 1.8 + ... + 1.8^5)
        assertEquals(165, TimeUnit.NANOSECONDS.toSeconds(policy.dpdTimeoutNanos()));
        assertEquals(VirtualAddresses.NONE, policy.virtualAddresses());
        Ikev1Policy ikev1 = policy.ikev1();
        assertNotNull(ikev1);
        assertFalse(ikev1.aggressive());
        assertFalse(ikev1.aggressiveResponder());
        assertEquals(RsaEncryptionCompatibility.RFC, ikev1.rsaEncryption());
        assertNull(ikev1.xauth());
    }

    @Test
    void everyVersionHasItsPolicies() {
        assertNull(policy(connection("2", "")).ikev1());
        assertNotNull(policy(connection("0", "")).ikev1());
        // AEADs alone leave nothing for IKEv1: the connection is IKEv2's, and strongSwan takes it too
        String aead = "    proposals = aes256gcm16-prfsha256-x25519";
        PeerPolicy either = policy(connection("0", aead));
        assertEquals(1, either.proposals().size());
        assertNull(either.ikev1());
        assertEquals(
                List.of(
                        "swanctl.conf:3: connections.gw.proposals: nothing for IKEv1: it has CBC ciphers, HMAC hashes and groups, no AEADs"),
                check(connection("1", aead)));
        assertEquals(
                List.of("swanctl.conf:2: connections.gw: IKEv1 authenticates both sides by one method"),
                check(connection("1", "    remote-a { auth = pubkey }").replace("    remote { auth = psk }\n", ""))
                        .stream()
                        .filter(e -> e.contains("one method"))
                        .toList());
    }

    @Test
    void proposalsAreWhatIkev1HasWordsFor() {
        Ikev1Policy ikev1 = ikev1(connection(
                "0",
                "    proposals = aes128gcm16-prfsha256-modp2048, aes256-aes128ctr-sha384-aesxcbc-prfsha512-modp2048-ecp256,"
                        + " aes128-aescmac-modp2048"));
        Proposal only = ikev1.proposals().getFirst();
        assertEquals(1, ikev1.proposals().size());
        assertEquals(1, only.number());
        assertEquals(
                List.of(
                        EncryptionAlgorithm.AES_CBC.transform(256),
                        IntegrityAlgorithm.HMAC_SHA2_384_192.transform(),
                        PseudorandomFunction.HMAC_SHA2_384.transform(),
                        KeyExchangeMethod.MODP_2048.transform(),
                        KeyExchangeMethod.ECP_256.transform()),
                only.transforms());
    }

    @Test
    void lifetimesAreOneInVersion1() {
        assertEquals(
                TimeUnit.HOURS.toNanos(1),
                policy(connection("1", "    reauth_time = 1h")).rekeyNanos());
        PeerPolicy both = policy(connection("1", "    reauth_time = 1h\n    rekey_time = 30m"));
        assertEquals(TimeUnit.MINUTES.toNanos(30), both.rekeyNanos());
        assertEquals(TimeUnit.MINUTES.toNanos(3), both.overNanos());
        PeerPolicy never = policy(connection("1", "    reauth_time = 0\n    rekey_time = 0"));
        assertEquals(0, never.rekeyNanos());
        assertEquals(
                List.of(
                        "swanctl.conf:3: connections.gw.reauth_time: strongSwan's, not supported yet with IKEv2; rekey_time is"),
                check(connection("0", "    reauth_time = 1h")));
    }

    @Test
    void deadPeers() {
        PeerPolicy policy = policy(connection("1", "    dpd_delay = 10s\n    dpd_timeout = 150s"));
        assertEquals(TimeUnit.SECONDS.toNanos(10), policy.dpdDelayNanos());
        assertEquals(TimeUnit.SECONDS.toNanos(150), policy.dpdTimeoutNanos());
        assertEquals(
                List.of(
                        "swanctl.conf:3: connections.gw.dpd_timeout: a time such as 30s, 10m, 4h or 1d was expected, not 'x'"),
                check(connection("1", "    dpd_timeout = x")));
    }

    @Test
    void aggressiveModeWithAPresharedKeyIsInitiatedOnlyUnlessTheOperatorDoesNotCare() {
        String text = connection("1", "    aggressive = yes");
        Ikev1Policy cautious = ikev1(text);
        assertTrue(cautious.aggressive());
        assertFalse(cautious.aggressiveResponder());
        try (Configuration configuration = folder.valid()) {
            assertEquals(
                    List.of(
                            "swanctl.conf:3: connections.gw.aggressive: Aggressive Mode with a pre-shared key: whoever listens, or only asks,"
                                    + " can guess the key off line; not answered, only initiated (cardinal.conf: "
                                    + CLEAR + ")"),
                    configuration.warnings().stream().map(folder::shown).toList());
        }
        folder.write("cardinal.conf", "cardinal { " + CLEAR + " = yes }\n");
        Ikev1Policy careless = ikev1(text);
        assertTrue(careless.aggressiveResponder());
        try (Configuration configuration = folder.valid()) {
            assertEquals(1, configuration.warnings().size());
        }
        assertEquals(
                List.of("swanctl.conf:3: connections.gw.aggressive: only with version = 1"),
                check(connection("2", "    aggressive = yes")));
        folder.write("cardinal.conf", "cardinal { " + CLEAR + " = maybe }\n");
        assertEquals(
                List.of("cardinal.conf:1: cardinal." + CLEAR + ": yes or no was expected, not 'maybe'"), check(text));
    }

    @Test
    void compatibilityOfRsaEncryption() {
        assertEquals(
                RsaEncryptionCompatibility.CISCO,
                ikev1(connection("1", "    rsa_encr_compat = cisco")).rsaEncryption());
        assertEquals(
                RsaEncryptionCompatibility.AUTO,
                ikev1(connection("1", "    rsa_encr_compat = auto")).rsaEncryption());
        assertEquals(
                List.of(
                        "swanctl.conf:3: connections.gw.rsa_encr_compat: one of rfc, cisco, auto was expected, not 'x'"),
                check(connection("1", "    rsa_encr_compat = x")));
        assertEquals(
                List.of("swanctl.conf:3: connections.gw.rsa_encr_compat: only with version = 1"),
                check(connection("2", "    rsa_encr_compat = rfc")));
    }

    private static final String PASSWORDS = """
            secrets {
              xauth-1 {
                id = bob
                secret = bobs
              }
              eap-2 {
                id-1 = carol
                id-2 = *@example.org
                secret = 0x0102
              }
            }
            """;

    @Test
    void weAreAskedByXauth() {
        String text = connection("1", "    local-2 { auth = xauth\n xauth_id = bob }") + PASSWORDS;
        assertEquals(new XauthPolicy.Answering("bob"), ikev1(text).xauth());
        assertEquals(
                new XauthPolicy.Answering("bob"),
                ikev1(text.replace("xauth_id", "id")).xauth());
        // without a name of its own it is the identity, and here nobody has a password for it
        assertEquals(
                List.of("swanctl.conf:2: connections.gw: xauth, and no xauth secret for gw.example.org"),
                check(text.replace(" xauth_id = bob ", "")));
    }

    @Test
    void weAskByXauth() {
        String text = connection("1", "    remote-x { auth = xauth-generic }") + PASSWORDS;
        assertEquals(new XauthPolicy.Asking(UserPattern.ANY), ikev1(text).xauth());
        assertEquals(
                new XauthPolicy.Asking(new UserPattern("*@example.org")),
                ikev1(text.replace("generic", "generic\n xauth_id = *@example.org"))
                        .xauth());
        folder.write("swanctl.conf", text);
        try (Configuration configuration = folder.valid()) {
            Credentials credentials = credentials(configuration);
            assertPassword(credentials, "bob", "bobs");
            assertPassword(credentials, "Bob", "bobs");
            assertPassword(credentials, "carol", "\u0001\u0002");
            assertPassword(credentials, "dave@example.org", "\u0001\u0002");
            assertNull(credentials.xauthPassword("dave@example.com"));
            assertNull(credentials.xauthPassword(""));
        }
    }

    private static void assertPassword(Credentials credentials, String user, String expected) {
        try (Secret secret = credentials.xauthPassword(user);
                Secret wanted = Secret.owning(expected.getBytes(StandardCharsets.UTF_8))) {
            assertNotNull(secret);
            assertTrue(wanted.matches(secret), user);
        }
    }

    @Test
    void whatXauthIsNot() {
        String asked = "    remote-x { auth = xauth }";
        assertEquals(
                List.of("swanctl.conf:2: connections.gw: xauth, and no secret of the kind xauth*"),
                check(connection("1", asked)));
        assertEquals(
                List.of("swanctl.conf:3: connections.gw.remote-x.auth: xauth: only with version = 1"),
                check(connection("2", asked) + PASSWORDS));
        assertEquals(
                List.of("swanctl.conf:3: connections.gw.remote-x.auth: xauth-pam: strongSwan's, not supported yet"),
                check(connection("1", "    remote-x { auth = xauth-pam }") + PASSWORDS));
        assertEquals(
                List.of("swanctl.conf:4: connections.gw.remote-y: a second xauth"),
                check(connection("1", asked + "\n    remote-y { auth = xauth }") + PASSWORDS));
        assertEquals(
                List.of(
                        "swanctl.conf:3: connections.gw.remote-x: xauth on both sides: one side asks, the other answers"),
                check(connection("1", asked + "\n    local-y { auth = xauth\n xauth_id = bob }") + PASSWORDS));
        assertEquals(
                List.of("swanctl.conf:4: connections.gw.remote-x.xauth_id: belongs into a section with auth = xauth"),
                check(connection("1", "    remote-x { auth = psk\n xauth_id = bob }")
                        .replace("    remote { auth = psk }\n", "")));
        assertEquals(
                List.of("swanctl.conf:7: connections.gw.remote: IKEv1 has one method of authentication and xauth"),
                check(connection("1", "    remote-x { auth = psk }")));
        assertTrue(
                check(connection("1", asked).replace("    remote { auth = psk }\n", "") + PASSWORDS)
                        .contains(
                                "swanctl.conf:3: connections.gw.remote-x: xauth alone (hybrid authentication): strongSwan's, not supported yet"));
    }

    @Test
    void virtualAddresses() {
        String pools = """
                pools {
                  road {
                    addrs = 10.3.0.0/24
                    dns = 10.0.0.1, fd00::1
                    nbns = 10.0.0.2
                    subnet = 10.0.0.0/8, fd00::/64
                    split_include = 10.1.0.0/16
                    28675 = example.org
                  }
                  six { addrs = fd00:3::1-fd00:3::ff }
                }
                """;
        String text = connection("1", "    pools = road, six\n    vips = 0.0.0.0, ::, 10.3.0.7") + pools;
        PeerPolicy policy = policy(text);
        assertEquals(
                new VirtualAddresses(
                        List.of(address("0.0.0.0"), address("::"), address("10.3.0.7")), List.of("road", "six")),
                policy.virtualAddresses());
        try (Configuration configuration = folder.valid()) {
            var road = configuration.pools().getFirst();
            assertEquals("road", road.name());
            // neither the subnet's own address nor the broadcast address
            assertEquals(address("10.3.0.1"), road.range().first());
            assertEquals(address("10.3.0.254"), road.range().last());
            assertEquals(
                    List.of(3, 10, 4, 13, 15, 28676, 28675),
                    road.attributes().stream().map(a -> a.type()).toList());
            assertArrayEquals(
                    new byte[] {10, 0, 0, 0, (byte) 255, 0, 0, 0},
                    road.attributes().get(3).value());
            byte[] subnet6 = road.attributes().get(4).value();
            assertEquals(List.of(17, 64), List.of(subnet6.length, (int) subnet6[16]));
            assertArrayEquals(
                    new byte[] {10, 1, 0, 0, (byte) 255, (byte) 255, 0, 0, 0, 0, 0, 0, 0, 0},
                    road.attributes().get(5).value());
            assertEquals(
                    address("fd00:3::1"), configuration.pools().get(1).range().first());
        }
        assertEquals(
                List.of(
                        "swanctl.conf:3: connections.gw.pools: no pool 'rod' under pools",
                        "swanctl.conf:4: connections.gw.vips: an address, or 0.0.0.0 or :: for any, was expected, not 'x'"),
                check(connection("1", "    pools = rod\n    vips = x") + pools));
    }

    @Test
    void faultsOfPools() {
        assertEquals(
                List.of(
                        "swanctl.conf:11: pools.a: addrs is missing",
                        "swanctl.conf:12: pools.b.addrs: an address, a subnet or a range was expected, not '10.0.0'",
                        "swanctl.conf:14: pools.c.dns: an address was expected, not 'x'",
                        "swanctl.conf:15: pools.d.addrs: overlaps with pool 'c'",
                        "swanctl.conf:17: pools.e.subnet: a subnet was expected, not '10.0.0.1-10.0.0.9'",
                        "swanctl.conf:19: pools.f.colour: unknown setting",
                        "swanctl.conf:21: pools.g.split_dns: unknown attribute",
                        "swanctl.conf:23: pools.h.nbns: an IPv4 address was expected, not '::1'",
                        "swanctl.conf:25: pools.i.40000: no number of an attribute: 1 to 32767"),
                check(connection("1", "") + """
                        pools {
                          a { }
                          b { addrs = 10.0.0 }
                          c { addrs = 10.3.0.0/24
                        dns = x }
                          d { addrs = 10.3.0.9 }
                          e { addrs = 10.4.0.0/24
                        subnet = 10.0.0.1-10.0.0.9 }
                          f { addrs = 10.5.0.0/24
                        colour = red }
                          g { addrs = 10.6.0.0/24
                        split_dns = 10.0.0.0/8 }
                          h { addrs = 10.7.0.0/24
                        nbns = ::1 }
                          i { addrs = 10.8.0.0/24
                        40000 = x }
                        }
                        """));
    }

    @Test
    void mainModesKeyIsFoundByAddress() {
        String one =
                "%s { version = 1\n remote_addrs = %s\n local { auth = psk\n id = gw }\n remote { auth = psk\n id = %s } }\n";
        folder.write(
                "swanctl.conf",
                "connections {\n"
                        + one.formatted("a", "10.0.0.1", "alice")
                        + one.formatted("b", "10.0.0.2", "bob")
                        + one.formatted("b2", "10.0.0.2", "bert")
                        + one.formatted("c", "10.0.0.3", "carol")
                        + "}\n" + """
                        secrets {
                          ike-1 { id = alice
                            secret = of alice }
                          ike-2 { id = bob
                            secret = of bob }
                          ike-3 { id = 10.0.0.3
                            secret = of 10.0.0.3 }
                          ike-4 { id = carol
                            secret = of carol }
                          ike-5 { secret = of everyone }
                        }
                        """);
        try (Configuration configuration = folder.valid()) {
            Credentials credentials = credentials(configuration);
            String[][] expected = {
                {"10.0.0.1", "of alice"}, // the only connection of this address
                {"10.0.0.2", "of everyone"}, // two: whose, is not known yet
                {"10.0.0.3", "of 10.0.0.3"}, // the address is named itself
                {"10.0.0.4", "of everyone"}
            };
            for (String[] pair : expected) {
                try (Secret key = credentials.presharedKey(address("192.0.2.1"), address(pair[0]));
                        Secret wanted = Secret.owning(pair[1].getBytes(StandardCharsets.UTF_8))) {
                    assertNotNull(key);
                    assertTrue(wanted.matches(key), pair[0]);
                }
            }
        }
    }

    private static final String ENCRYPTING = """
            connections {
              enc { version = 1
                local { auth = rsa-encr
                  certs = enc.pem }
                remote { auth = rsa-encr
                  certs = peer.pem
                  pubkeys = peer.pub }
              }
            }
            """;

    private static KeyPair rsa() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }

    /** Keys and certificates for {@link #ENCRYPTING}: ours, the peer's with a name, and the peer's raw one. */
    private List<KeyPair> encryptionKeys() throws Exception {
        KeyPair root = ConfigFolder.ec();
        List<KeyPair> keys = List.of(rsa(), rsa(), rsa());
        folder.pem(
                "x509/enc.pem",
                "CERTIFICATE",
                ConfigFolder.certificate("CN=enc", keys.get(0), "CN=Root", root.getPrivate(), false)
                        .getEncoded());
        folder.pem(
                "x509/peer.pem",
                "CERTIFICATE",
                ConfigFolder.certificate(
                                "CN=peer",
                                keys.get(1),
                                "CN=Root",
                                root.getPrivate(),
                                false,
                                new GeneralName(GeneralName.dNSName, "peer.example.org"))
                        .getEncoded());
        folder.pem("pubkey/peer.pub", "PUBLIC KEY", keys.get(2).getPublic().getEncoded());
        folder.pem("private/enc.pem", "PRIVATE KEY", keys.get(0).getPrivate().getEncoded());
        folder.pem(
                "x509ca/root.pem",
                "CERTIFICATE",
                ConfigFolder.certificate("CN=Root", root, "CN=Root", root.getPrivate(), true)
                        .getEncoded());
        return keys;
    }

    private static PublicKey keyOf(Credentials credentials, PeerPolicy policy, @Nullable Identification peer) {
        return Objects.requireNonNull(credentials.encryptionKey(policy, peer)).key();
    }

    /** A ciphertext that nobody's identity comes out of meets the same key each time, and all keys have their share. */
    @Test
    void decoysOfUnknownPeers() throws Exception {
        List<KeyPair> keys = encryptionKeys();
        PeerPolicy policy = policy(ENCRYPTING);
        try (Configuration configuration = folder.valid()) {
            Credentials credentials = credentials(configuration);
            Map<PublicKey, Integer> met = new HashMap<>();
            for (int i = 0; i < 200; i++) {
                byte[] ciphertext = {(byte) i};
                Credentials.Decoy decoy = Objects.requireNonNull(credentials.decoy(List.of(policy), ciphertext));
                assertEquals(decoy, credentials.decoy(List.of(policy), ciphertext.clone()));
                met.merge(decoy.key(), 1, Integer::sum);
            }
            assertEquals(Set.of(keys.get(1).getPublic(), keys.get(2).getPublic()), met.keySet());
            // a fair coin is as far off once in a million times
            assertTrue(met.values().stream().allMatch(times -> times > 65), met::toString);
            assertNull(credentials.decoy(List.of(), new byte[1]));
        }
    }

    @Test
    void keysOfRsaEncryption() throws Exception {
        List<KeyPair> keys = encryptionKeys();
        PeerPolicy policy = policy(ENCRYPTING);
        assertEquals(AuthPolicy.Method.RSA_ENCRYPTION, policy.localAuth().method());
        assertNotNull(policy.ikev1());
        assertEquals(
                AuthPolicy.Method.REVISED_RSA_ENCRYPTION,
                policy(ENCRYPTING.replace("rsa-encr", "rsa-encr-revised"))
                        .remoteAuth()
                        .method());
        try (Configuration configuration = folder.valid()) {
            Credentials credentials = credentials(configuration);
            DecryptionKey own = credentials.decryptionKey(policy);
            assertNotNull(own);
            assertEquals(2048, own.bits());
            assertEquals(keys.get(1).getPublic(), keyOf(credentials, policy, null));
            assertEquals(keys.get(1).getPublic(), keyOf(credentials, policy, fqdn("peer.example.org")));
            assertEquals(keys.get(2).getPublic(), keyOf(credentials, policy, fqdn("other.example.org")));
        }
    }

    private static Identification fqdn(String name) {
        return new Identification(Identification.FQDN, name.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void aKeyThatDecryptsSignsNowhere() throws Exception {
        encryptionKeys();
        String signing = "connections { sig { version = 2\n local { certs = enc.pem } } }\n";
        assertEquals(
                List.of(
                        "swanctl.conf:2: connections.enc: its key decrypts here and signs for connections.sig (swanctl.conf:10): one key for each"),
                check(ENCRYPTING + signing));
        // nor where a connection takes whatever certificate fits
        folder.write("swanctl.conf", ENCRYPTING + signing.replace("certs = enc.pem", "id = \"CN=enc\""));
        try (Configuration configuration = folder.valid()) {
            ConfigErrors errors = new ConfigErrors();
            Credentials credentials = ConfiguredCredentials.of(configuration, new FileKeys(configuration), errors);
            assertNull(
                    credentials.certificate(configuration.connections().get(1).policy(), List.of()));
            assertEquals(
                    List.of("swanctl.conf:10: connections.sig: no certificate in x509 with a private key for CN=enc"),
                    errors.list().stream().map(folder::shown).toList());
        }
    }

    @Test
    void whatRsaEncryptionIsNot() throws Exception {
        encryptionKeys();
        assertEquals(
                List.of(
                        "swanctl.conf:3: connections.enc.local.auth: rsa-encr: only with version = 1",
                        "swanctl.conf:5: connections.enc.remote.auth: rsa-encr: only with version = 1"),
                check(ENCRYPTING.replace("version = 1", "version = 2")));
        assertEquals(
                List.of("swanctl.conf:2: connections.enc: rsa-encr: local wants one key, by certs or pubkeys, not 0"),
                check(ENCRYPTING.replace("      certs = enc.pem", "")));
        assertEquals(
                List.of(
                        "swanctl.conf:7: connections.enc.remote.pubkeys: no RSA public key (SubjectPublicKeyInfo): x509/peer.pem"),
                check(ENCRYPTING.replace("peer.pub", "../x509/peer.pem")));
        assertEquals(
                List.of("swanctl.conf:2: connections.enc: no private key to decrypt with, and no token"),
                check(ENCRYPTING.replace("certs = enc.pem", "pubkeys = peer.pub")));
        KeyPair root = ConfigFolder.ec();
        KeyPair own = ConfigFolder.ec();
        folder.pem(
                "x509/peer.pem",
                "CERTIFICATE",
                ConfigFolder.certificate("CN=peer", own, "CN=Root", root.getPrivate(), false)
                        .getEncoded());
        assertEquals(
                List.of(
                        "swanctl.conf:2: connections.enc: rsa-encr: the certificate is not of an RSA key: the peer's, CN=peer"),
                check(ENCRYPTING));
        folder.pem(
                "x509/peer.pem",
                "CERTIFICATE",
                ConfigFolder.signing("CN=peer", rsa(), root.getPrivate()).getEncoded());
        assertEquals(
                List.of(
                        "swanctl.conf:2: connections.enc: rsa-encr: keyUsage without keyEncipherment: the peer's, CN=peer"),
                check(ENCRYPTING));
    }

    private static Credentials credentials(Configuration configuration) {
        ConfigErrors errors = new ConfigErrors();
        Credentials credentials = ConfiguredCredentials.of(configuration, new FileKeys(configuration), errors);
        assertEquals(List.of(), errors.list());
        return credentials;
    }

    /** Keys in files that decrypt; none signs. */
    private record FileKeys(Configuration configuration) implements PrivateKeys {
        @Override
        public @Nullable SigningKey find(PublicKey publicKey) {
            return null;
        }

        @Override
        public @Nullable DecryptionKey findDecryption(PublicKey publicKey) {
            for (KeyFile key : configuration.keys()) {
                if (Arrays.equals(key.publicKey().getEncoded(), publicKey.getEncoded())) {
                    return new FileKey(key.file().getFileName().toString());
                }
            }
            return null;
        }

        @Override
        public @Nullable X509Certificate certificate(String handle, @Nullable String token) {
            return null;
        }
    }

    private record FileKey(String location) implements DecryptionKey {
        @Override
        public int bits() {
            return 2048;
        }
    }
}
