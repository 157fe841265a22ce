package dev.cardinal.ike.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.DecryptionKey;
import dev.cardinal.ike.crypto.KeyExchangePlacement;
import dev.cardinal.ike.crypto.Secret;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.crypto.SigningKey;
import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.Credentials;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaSettings;
import dev.cardinal.ike.sa.SelectorPolicy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8EncryptorBuilder;
import org.bouncycastle.util.io.pem.PemWriter;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationTest {
    private static final String PSK = """
            connections {
              gw {
                local_addrs = 127.0.0.1
                remote_addrs = 127.0.0.2, 10.0.0.0/8
                local { auth = psk
                  id = gw.example.org }
                remote { auth = psk
                  id = *@example.org }
                children {
                  net {
                    local_ts = 10.1.0.0/16
                    remote_ts = dynamic
                  }
                }
              }
            }
            secrets {
              ike-1 {
                id-1 = carol@example.org
                id-2 = gw.example.org
                secret = 0x0102
              }
            }
            """;

    private final ConfigFolder folder;

    ConfigurationTest(@TempDir Path path) {
        folder = new ConfigFolder(path);
    }

    private static InetAddress address(String literal) {
        InetAddress address = AddressText.literal(literal);
        assertNotNull(address);
        return address;
    }

    @Test
    void defaultsAreStrongSwans() {
        folder.write("swanctl.conf", PSK);
        try (Configuration configuration = folder.valid()) {
            PeerPolicy policy = configuration.connections().getFirst().policy();
            assertEquals("gw", policy.name());
            assertEquals(0, policy.version());
            assertEquals(500, policy.remotePort());
            assertEquals(TimeUnit.HOURS.toNanos(4), policy.rekeyNanos());
            assertEquals(TimeUnit.MINUTES.toNanos(24), policy.overNanos());
            assertEquals(TimeUnit.MINUTES.toNanos(24), policy.randNanos());
            assertEquals(0, policy.dpdDelayNanos());
            assertFalse(policy.encapsulate());
            assertEquals(PeerPolicy.Fragmentation.YES, policy.fragmentation());
            assertEquals(1280, policy.fragmentSize());
            assertEquals(PeerPolicy.Childless.ALLOW, policy.childless());
            assertEquals(PeerPolicy.SendCertificate.IF_ASKED, policy.sendCertificate());
            assertTrue(policy.sendCertificateRequest());
            assertEquals(PeerPolicy.Uniqueness.NO, policy.unique());
            assertEquals(KeyExchangePlacement.HOST, policy.placement());
            assertEquals(2, policy.proposals().size());
            ChildPolicy child = policy.children().getFirst();
            assertEquals(TimeUnit.HOURS.toNanos(1), child.rekeyNanos());
            assertEquals(TimeUnit.MINUTES.toNanos(66), child.lifeNanos());
            assertEquals(TimeUnit.MINUTES.toNanos(6), child.randNanos());
            assertTrue(child.tunnel());
            assertEquals(ChildPolicy.StartAction.NONE, child.startAction());
            assertEquals(List.of(SelectorPolicy.DYNAMIC), child.remote());
            CardinalConf cardinal = configuration.cardinal();
            assertEquals(List.of(500, 4500), List.of(cardinal.port(), cardinal.natTPort()));
            assertEquals(
                    List.of(30, 3, 5),
                    List.of(
                            cardinal.cookieThreshold(),
                            cardinal.cookieThresholdPerAddress(),
                            cardinal.blockThreshold()));
            assertEquals(SaSettings.DEFAULT, cardinal.saSettings());
            assertNull(cardinal.keyLog());
        }
    }

    @Test
    void settingsOfTheDaemonAndItsTokens() {
        folder.write("pin", "1234\n").write("module.so", "").write("swanctl.conf", PSK);
        folder.write("cardinal.conf", """
                cardinal {
                  listen = 127.0.0.1, ::1
                  port = 0
                  port_nat_t = 0
                  loops = 2
                  sad = none
                  retransmit_timeout = 0.5
                  retransmit_base = 1.5
                  retransmit_tries = 2
                  half_open_timeout = 10s
                  keep_alive = 5
                  decryption_grid = 0.02
                  key_log = keys.log
                  cookie_threshold = 0
                }
                tokens {
                  main {
                    module = module.so
                    token = gateway
                    pin_file = pin
                    roles = sign, key-exchange
                    workers = 8
                    extract = yes
                  }
                  other {
                    module = module.so
                    uri = pkcs11:token=other
                    pin_env = OTHER_PIN
                    roles = sign
                  }
                }
                """);
        try (Configuration configuration = folder.valid()) {
            CardinalConf cardinal = configuration.cardinal();
            assertEquals(List.of(address("127.0.0.1"), address("::1")), cardinal.listen());
            assertEquals(List.of(0, 0, 2), List.of(cardinal.port(), cardinal.natTPort(), cardinal.loops()));
            assertEquals(
                    new SaSettings(500_000_000, 1.5, 2, 10_000_000_000L, 5_000_000_000L, 4_000_000_000L, 20_000_000L),
                    cardinal.saSettings());
            assertEquals(folder.file("keys.log"), cardinal.keyLog());
            assertEquals(0, cardinal.cookieThreshold());
            TokenConfig main = cardinal.tokens().getFirst();
            assertEquals("gateway", main.token());
            assertEquals(new TokenConfig.PinPlace.InFile(folder.file("pin")), main.pin());
            assertEquals(Set.of(TokenConfig.Role.SIGN, TokenConfig.Role.KEY_EXCHANGE), main.roles());
            assertTrue(main.allowExtract());
            assertEquals(8, main.workers());
            assertEquals("pkcs11:token=other", cardinal.tokens().getLast().token());
            assertEquals(
                    KeyExchangePlacement.PREFER_TOKEN,
                    configuration.connections().getFirst().policy().placement());
        }
    }

    @Test
    void theCardIsAModuleByItsName() {
        folder.write("pin", "1234\n").write("libcardinal-card.so", "").write("swanctl.conf", PSK);
        folder.write("cardinal.conf", """
                tokens {
                  main {
                    module = card
                    init_args = "directory='/var/lib/cardinal/card'"
                    token = gateway
                    pin_file = pin
                  }
                }
                """);
        String before = System.getProperty(ModuleFile.CARD_FOLDER);
        System.setProperty(ModuleFile.CARD_FOLDER, folder.file("").toString());
        try (Configuration configuration = folder.valid()) {
            TokenConfig token = configuration.cardinal().tokens().getFirst();
            assertEquals(folder.file("libcardinal-card.so"), token.module());
            assertEquals("directory='/var/lib/cardinal/card'", token.initArgs());
        } finally {
            if (before == null) {
                System.clearProperty(ModuleFile.CARD_FOLDER);
            } else {
                System.setProperty(ModuleFile.CARD_FOLDER, before);
            }
        }
    }

    @Test
    void everyErrorNamesFileLineAndKey() {
        folder.write("cardinal.conf", """
                cardinal {
                  port = 70000
                  listen = 0.0.0.0
                  sad = xfrm
                  loop = 1
                }
                tokens {
                  t { module = nosuch.so
                    roles = dance
                  }
                }
                """);
        folder.write("swanctl.conf", """
                connections {
                  gw {
                    version = 2
                    local_addrs = gw.example.org
                    remote_port = x
                    proposals = aes128-sha256-modp768, aes128-nosuch
                    rekey_time = 4 weeks
                    mobike = perhaps
                    pools = p
                    vips = 0.0.0.0
                    reauth_time = 1h
                    aggressive = no
                    unique = keep
                    key_exchange = token-only
                    colour = red
                    local { auth = psk
                      certs = nosuch.pem
                    }
                    local-2 { auth = eap }
                    remote { auth = psk
                      id = "C=CH, X=1"
                      groups = g
                    }
                    children {
                      net { start_action = trap
                        mode = beet
                        ah_proposals = sha256
                        if_id_in = 7
                        remote_ts = 10.0.0.0/40
                        life_time = 10m
                        colour = red
                      }
                    }
                  }
                }
                secrets {
                  ike { secret = 0sä }
                  ntlm { secret = x }
                  token { handle = xyz }
                  cloud { secret = x }
                }
                pools { p { addrs = 10.0.0.0/8 } }
                conections { }
                """);
        assertEquals(
                List.of(
                        "cardinal.conf:2: cardinal.port: a number from 0 to 65535 was expected, not '70000'",
                        "cardinal.conf:3: cardinal.listen: one of the machine's addresses was expected, not '0.0.0.0'",
                        "cardinal.conf:4: cardinal.sad: not supported yet; none records what would be installed",
                        "cardinal.conf:5: cardinal.loop: unknown setting",
                        "cardinal.conf:8: tokens.t.module: no such file: nosuch.so",
                        "cardinal.conf:8: tokens.t: token or uri is missing: which of the module's tokens",
                        "cardinal.conf:9: tokens.t.roles: sign, decrypt, key-exchange or random was expected, not 'dance'",
                        "swanctl.conf:2: connections.gw: psk, and no secret of the kind ike*",
                        "swanctl.conf:4: connections.gw.local_addrs: host name 'gw.example.org': strongSwan's, not supported yet; name an address",
                        "swanctl.conf:5: connections.gw.remote_port: a number from 1 to 65535 was expected, not 'x'",
                        "swanctl.conf:6: connections.gw.proposals: algorithm modp768 in aes128-sha256-modp768: strongSwan's, not supported yet",
                        "swanctl.conf:6: connections.gw.proposals: unknown algorithm 'nosuch' in aes128-nosuch",
                        "swanctl.conf:7: connections.gw.rekey_time: a time such as 30s, 10m, 4h or 1d was expected, not '4 weeks'",
                        "swanctl.conf:8: connections.gw.mobike: yes or no was expected, not 'perhaps'",
                        "swanctl.conf:9: connections.gw.pools: strongSwan's, not supported yet with IKEv2: only with version = 1",
                        "swanctl.conf:10: connections.gw.vips: strongSwan's, not supported yet with IKEv2: only with version = 1",
                        "swanctl.conf:11: connections.gw.reauth_time: strongSwan's, not supported yet with IKEv2; rekey_time is",
                        "swanctl.conf:13: connections.gw.unique: keep: strongSwan's, not supported yet",
                        "swanctl.conf:14: connections.gw.key_exchange: cardinal.conf has no token with the role key-exchange",
                        "swanctl.conf:15: connections.gw.colour: unknown setting",
                        "swanctl.conf:17: connections.gw.local.certs: no such file: x509/nosuch.pem",
                        "swanctl.conf:19: connections.gw.local-2: a second authentication round: strongSwan's, not supported yet",
                        "swanctl.conf:21: connections.gw.remote.id: no attribute of a distinguished name: 'X=1'",
                        "swanctl.conf:22: connections.gw.remote.groups: strongSwan's, not supported yet",
                        "swanctl.conf:25: connections.gw.children.net.start_action: trap policies: strongSwan's, not supported yet",
                        "swanctl.conf:26: connections.gw.children.net.mode: beet: strongSwan's, not supported yet",
                        "swanctl.conf:27: connections.gw.children.net.ah_proposals: strongSwan's, not supported yet",
                        "swanctl.conf:28: connections.gw.children.net.if_id_in: strongSwan's, not supported yet",
                        "swanctl.conf:29: connections.gw.children.net.remote_ts: no range of addresses: '10.0.0.0/40'",
                        "swanctl.conf:30: connections.gw.children.net.life_time: shorter than rekey_time",
                        "swanctl.conf:31: connections.gw.children.net.colour: unknown setting",
                        "swanctl.conf:37: secrets.ike.secret: Base64 was expected after 0s",
                        "swanctl.conf:38: secrets.ntlm: strongSwan's, not supported yet",
                        "swanctl.conf:39: secrets.token.handle: CKA_ID in hexadecimal digits was expected, not 'xyz'",
                        "swanctl.conf:39: secrets.token: cardinal.conf has no tokens",
                        "swanctl.conf:40: secrets.cloud: unknown kind of secret",
                        "swanctl.conf:43: conections: unknown section"),
                folder.check().stream()
                        .sorted((a, b) -> {
                            int file = a.split(":")[0].compareTo(b.split(":")[0]);
                            return file != 0
                                    ? file
                                    : Integer.compare(
                                            Integer.parseInt(a.split(":")[1]), Integer.parseInt(b.split(":")[1]));
                        })
                        .toList());
    }

    @Test
    void secretsAreWipedWithTheConfiguration() {
        folder.write("swanctl.conf", PSK);
        long before = Secret.open();
        Configuration configuration = folder.valid();
        assertEquals(before + 1, Secret.open());
        configuration.close();
        assertEquals(before, Secret.open());
    }

    @Test
    void theBestSharedKeyWins() throws Exception {
        folder.write("swanctl.conf", PSK.substring(0, PSK.indexOf("secrets")) + """
                secrets {
                  ike-both { id-1 = carol@example.org
                    id-2 = gw.example.org
                    secret = both }
                  ike-remote { id = carol@example.org
                    secret = remote }
                  ike-wild { id = *@example.org
                    secret = wild }
                  ike-nobody { secret = nobody }
                }
                """);
        ConfigErrors errors = new ConfigErrors();
        try (Configuration configuration = folder.valid()) {
            Credentials credentials = ConfiguredCredentials.of(configuration, new NoKeys(), errors);
            assertEquals(List.of(), errors.list());
            assertKey("both", credentials, "gw.example.org", "carol@example.org");
            assertKey("remote", credentials, "gw2.example.org", "carol@example.org");
            assertKey("wild", credentials, "gw.example.org", "bob@example.org");
            // a key that names carol must not let anyone else in
            assertKey("nobody", credentials, "gw.example.org", "bob@elsewhere.org");
        }
    }

    private static void assertKey(String expected, Credentials credentials, String local, String remote)
            throws ConfigFault {
        try (Secret secret = credentials.presharedKey(IdentityText.parse(local), IdentityText.parse(remote));
                Secret wanted = Secret.copyOf(expected.getBytes(StandardCharsets.UTF_8))) {
            assertNotNull(secret);
            assertTrue(wanted.matches(secret), expected);
        }
    }

    /** Keys in files only, as an object each. */
    private static class NoKeys implements PrivateKeys {
        @Override
        public @Nullable SigningKey find(PublicKey publicKey) throws KeyTrouble {
            return null;
        }

        @Override
        public @Nullable DecryptionKey findDecryption(PublicKey publicKey) {
            return null;
        }

        @Override
        public @Nullable X509Certificate certificate(String handle, @Nullable String token) {
            return null;
        }
    }

    private record FileKey(String location) implements SigningKey {
        @Override
        public SignatureScheme.Key kind() {
            return SignatureScheme.Key.EC;
        }

        @Override
        public int bits() {
            return 256;
        }

        @Override
        public Set<SignatureScheme> schemes() {
            return Set.of(SignatureScheme.ECDSA_SHA256);
        }
    }

    private static PrivateKeys filesOf(Configuration configuration) {
        return new NoKeys() {
            @Override
            public @Nullable SigningKey find(PublicKey publicKey) {
                for (KeyFile key : configuration.keys()) {
                    if (Arrays.equals(key.publicKey().getEncoded(), publicKey.getEncoded())) {
                        return new FileKey(key.file().getFileName().toString());
                    }
                }
                return null;
            }
        };
    }

    @Test
    void certificatesChainsAndTrust() throws Exception {
        KeyPair root = ConfigFolder.ec();
        KeyPair middle = ConfigFolder.ec();
        KeyPair gateway = ConfigFolder.ec();
        X509Certificate rootCert =
                ConfigFolder.certificate("C=CH,CN=Root", root, "C=CH,CN=Root", root.getPrivate(), true);
        X509Certificate middleCert =
                ConfigFolder.certificate("C=CH,CN=Middle", middle, "C=CH,CN=Root", root.getPrivate(), true);
        X509Certificate gatewayCert = ConfigFolder.certificate(
                "C=CH,CN=gw",
                gateway,
                "C=CH,CN=Middle",
                middle.getPrivate(),
                false,
                new GeneralName(GeneralName.dNSName, "gw.example.org"));
        folder.pem("x509/gw.pem", "CERTIFICATE", gatewayCert.getEncoded());
        folder.pem("x509ca/root.pem", "CERTIFICATE", rootCert.getEncoded());
        folder.pem("x509ca/middle.pem", "CERTIFICATE", middleCert.getEncoded());
        folder.pem("private/gw.pem", "PRIVATE KEY", gateway.getPrivate().getEncoded());
        folder.write("swanctl.conf", """
                connections {
                  named { local { certs = gw.pem
                      id = "C=CH, CN=gw" }
                    remote { cacerts = root.pem
                      revocation = ifuri } }
                  found { local { id = gw.example.org } }
                  absent { local { id = other.example.org } }
                }
                """);
        try (Configuration configuration = folder.valid()) {
            ConfigErrors errors = new ConfigErrors();
            Credentials credentials = ConfiguredCredentials.of(configuration, filesOf(configuration), errors);
            assertEquals(
                    List.of(
                            "swanctl.conf:7: connections.absent: no certificate in x509 with a private key for other.example.org"),
                    errors.list().stream().map(folder::shown).toList());
            PeerPolicy named = configuration.connections().get(0).policy();
            PeerPolicy found = configuration.connections().get(1).policy();
            PeerPolicy absent = configuration.connections().get(2).policy();
            // as the certificate writes it, whatever string types we would have chosen
            assertEquals(AuthPolicy.Method.PUBKEY, named.localAuth().method());
            assertTrue(Arrays.equals(
                    gatewayCert.getSubjectX500Principal().getEncoded(),
                    java.util.Objects.requireNonNull(named.localAuth().id().exact())
                            .data()));
            for (PeerPolicy policy : List.of(named, found)) {
                Credentials.LocalCertificate certificate = credentials.certificate(policy, List.of());
                assertNotNull(certificate);
                assertEquals("gw.pem", certificate.key().location());
                assertEquals(2, certificate.chain().size());
                assertTrue(Arrays.equals(
                        gatewayCert.getEncoded(), certificate.chain().get(0)));
                assertTrue(Arrays.equals(
                        middleCert.getEncoded(), certificate.chain().get(1)));
            }
            assertNull(credentials.certificate(absent, List.of()));
            TrustPolicy trust = credentials.trust(named);
            assertEquals(List.of(rootCert), trust.authorities());
            assertEquals(TrustPolicy.Revocation.IF_URI, trust.revocation());
            assertEquals(
                    Set.of(rootCert, middleCert),
                    Set.copyOf(credentials.trust(found).authorities()));
            assertTrue(Arrays.equals(
                    MessageDigest.getInstance("SHA-1").digest(root.getPublic().getEncoded()),
                    credentials.authorityHashes(named).getFirst()));
        }
        Files.delete(folder.file("private/gw.pem"));
        assertEquals(
                List.of(
                        "swanctl.conf:2: connections.named: no private key for the certificate of CN=gw,C=CH, and no token with the role sign"),
                folder.check());
    }

    @Test
    void theCertificateFollowsThePeersRequest() throws Exception {
        KeyPair key = ConfigFolder.ec();
        KeyPair one = ConfigFolder.ec();
        KeyPair two = ConfigFolder.ec();
        folder.pem(
                "x509/1.pem",
                "CERTIFICATE",
                ConfigFolder.certificate("CN=1", key, "CN=A", one.getPrivate(), false)
                        .getEncoded());
        folder.pem(
                "x509/2.pem",
                "CERTIFICATE",
                ConfigFolder.certificate("CN=2", key, "CN=B", two.getPrivate(), false)
                        .getEncoded());
        folder.pem(
                "x509ca/a.pem",
                "CERTIFICATE",
                ConfigFolder.certificate("CN=A", one, "CN=A", one.getPrivate(), true)
                        .getEncoded());
        folder.pem(
                "x509ca/b.pem",
                "CERTIFICATE",
                ConfigFolder.certificate("CN=B", two, "CN=B", two.getPrivate(), true)
                        .getEncoded());
        folder.pem("private/k.pem", "PRIVATE KEY", key.getPrivate().getEncoded());
        folder.write("swanctl.conf", "connections { c { local { certs = 1.pem, 2.pem } } }\n");
        try (Configuration configuration = folder.valid()) {
            ConfigErrors errors = new ConfigErrors();
            Credentials credentials = ConfiguredCredentials.of(configuration, filesOf(configuration), errors);
            PeerPolicy policy = configuration.connections().getFirst().policy();
            byte[] hash =
                    MessageDigest.getInstance("SHA-1").digest(two.getPublic().getEncoded());
            assertEquals("CN=1", shown(credentials.certificate(policy, List.of())));
            assertEquals("CN=2", shown(credentials.certificate(policy, List.of(hash))));
            assertEquals("CN=1", shown(credentials.certificate(policy, List.of(new byte[20]))));
        }
    }

    private static String shown(Credentials.@Nullable LocalCertificate certificate) {
        assertNotNull(certificate);
        return IdentityText.format(certificate.id());
    }

    @Test
    void keyFilesOfEveryForm() throws Exception {
        KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
        rsa.initialize(2048);
        List<KeyPair> pairs = List.of(rsa.generateKeyPair(), ConfigFolder.ec());
        int number = 0;
        for (KeyPair pair : pairs) {
            String name = "private/k" + number++;
            folder.pem(name + "-pkcs8.pem", "PRIVATE KEY", pair.getPrivate().getEncoded());
            Files.write(folder.file(name + "-pkcs8.der"), pair.getPrivate().getEncoded());
            boolean isRsa = pair.getPrivate() instanceof RSAPrivateKey;
            byte[] old = pair.getPrivate() instanceof ECPrivateKey ec
                    ? new org.bouncycastle.asn1.sec.ECPrivateKey(256, ec.getS(), SECObjectIdentifiers.secp256r1)
                            .getEncoded()
                    : PrivateKeyInfo.getInstance(pair.getPrivate().getEncoded())
                            .parsePrivateKey()
                            .toASN1Primitive()
                            .getEncoded();
            folder.pem(name + "-old.pem", isRsa ? "RSA PRIVATE KEY" : "EC PRIVATE KEY", old);
            Files.write(folder.file(name + "-old.der"), old);
            try (PemWriter writer = new PemWriter(Files.newBufferedWriter(folder.file(name + "-sealed.pem")))) {
                writer.writeObject(new JcaPKCS8Generator(
                        pair.getPrivate(),
                        new JceOpenSSLPKCS8EncryptorBuilder(org.bouncycastle.openssl.PKCS8Generator.AES_256_CBC)
                                .setProvider(new BouncyCastleProvider())
                                .setPassword("open".toCharArray())
                                .build()));
            }
        }
        String connections = PSK + """
                secrets {
                  private-0 { file = k0-sealed.pem
                    secret = open }
                  private-1 { file = k1-sealed.pem
                    secret = open }
                }
                """;
        folder.write("swanctl.conf", connections);
        try (Configuration configuration = folder.valid()) {
            assertEquals(10, configuration.keys().size());
            for (KeyFile key : configuration.keys()) {
                KeyPair pair = pairs.get(key.file().getFileName().toString().charAt(1) - '0');
                assertEquals(pair.getPublic(), key.publicKey(), key.toString());
            }
        }
        folder.write(
                "swanctl.conf", connections.replace("secret = open }\n  private-1", "secret = shut }\n  private-1"));
        folder.write("private/other.pem", "nothing\n");
        Files.delete(folder.file("private/k1-sealed.pem"));
        assertEquals(
                List.of(
                        "private/k0-sealed.pem:0: the secret does not decrypt it",
                        "private/other.pem:0: no private key in it",
                        "swanctl.conf:27: secrets.private-1.file: no such file: private/k1-sealed.pem"),
                folder.check());
    }

    @Test
    void connectionsAreFoundByAddressMostSpecificFirst() {
        StringBuilder text = new StringBuilder("connections {\n");
        String[][] addresses = {
            {"any", "%any", "%any"},
            {"net8", "%any", "10.0.0.0/8"},
            {"net16", "%any", "10.1.0.0/16"},
            {"one", "%any", "10.1.0.1"},
            {"local", "192.0.2.1", "10.1.0.0/16"},
            {"elsewhere", "192.0.2.9", "10.1.0.1"},
            {"six", "%any", "fd00::/8"}
        };
        for (String[] one : addresses) {
            text.append("  %s { local_addrs = %s\n remote_addrs = %s\n local { auth = psk }\n remote { auth = psk } }\n"
                    .formatted((Object[]) one));
        }
        folder.write("swanctl.conf", text + "}\nsecrets { ike { secret = x } }\n");
        try (Configuration configuration = folder.valid()) {
            ConfiguredPolicies policies = new ConfiguredPolicies(configuration.connections().stream()
                    .map(ConnectionConfig::policy)
                    .toList());
            assertEquals(List.of("one", "local", "net16", "net8", "any"), names(policies, "192.0.2.1", "10.1.0.1"));
            assertEquals(List.of("net8", "any"), names(policies, "192.0.2.1", "10.9.0.1"));
            assertEquals(List.of("six", "any"), names(policies, "fd00::9", "fd00::1"));
            assertEquals(List.of("any"), names(policies, "192.0.2.1", "203.0.113.1"));
        }
    }

    private static List<String> names(ConfiguredPolicies policies, String local, String remote) {
        return policies
                .candidates(new dev.cardinal.ike.sa.Path(
                        new InetSocketAddress(address(local), 500), new InetSocketAddress(address(remote), 500), false))
                .stream()
                .map(PeerPolicy::name)
                .toList();
    }

    /** Whatever an operator's slip does to a text, it is told as errors of the configuration. */
    @Test
    void mutationsOfAValidConfigurationNeverThrow() {
        long seed = 20261124;
        Random random = new Random(seed);
        String alphabet = "{}:=#\"\\\n,%@*/-[]0a=\u00e4\u0000";
        int faulty = 0;
        for (int run = 0; run < 1500; run++) {
            StringBuilder text = new StringBuilder(PSK);
            int changes = 1 + random.nextInt(4);
            for (int i = 0; i < changes; i++) {
                int at = random.nextInt(text.length());
                switch (random.nextInt(4)) {
                    case 0 -> text.deleteCharAt(at);
                    case 1 -> text.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
                    case 2 -> text.setCharAt(at, alphabet.charAt(random.nextInt(alphabet.length())));
                    default -> {
                        int end = Math.min(text.length(), at + random.nextInt(60));
                        text.insert(random.nextInt(text.length()), text.substring(at, end));
                    }
                }
            }
            folder.write("swanctl.conf", text.toString());
            try {
                faulty += folder.check().isEmpty() ? 0 : 1;
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", run " + run + ":\n" + text, e);
            }
        }
        assertTrue(faulty > 750, "faulty: " + faulty);
    }
}
