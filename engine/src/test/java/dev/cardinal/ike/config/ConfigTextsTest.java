package dev.cardinal.ike.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.EncryptionAlgorithm;
import dev.cardinal.ike.crypto.IntegrityAlgorithm;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.PseudorandomFunction;
import dev.cardinal.ike.crypto.SignatureScheme;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.SelectorPolicy;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.Proposal;
import dev.cardinal.ike.wire.Transform;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Proposals, identities, selectors and authentication as text. */
class ConfigTextsTest {

    private static String parse(int protocol, String text) {
        List<ConfigFault> faults = new ArrayList<>();
        List<Proposal> proposals = ProposalKeywords.parse(protocol, List.of(text), faults);
        return faults.isEmpty()
                ? describe(proposals.getFirst())
                : faults.getFirst().what();
    }

    /** By the names of listings, which the parser does not know. */
    private static String describe(Proposal proposal) {
        List<String> names = new ArrayList<>();
        for (Transform t : proposal.transforms()) {
            names.add(
                    switch (t.type()) {
                        case Transform.ENCRYPTION ->
                            Objects.requireNonNull(EncryptionAlgorithm.of(t.id()))
                                            .listing()
                                    + (t.keyLength() == 0 ? "" : "-" + t.keyLength());
                        case Transform.INTEGRITY ->
                            Objects.requireNonNull(IntegrityAlgorithm.of(t.id()))
                                    .listing();
                        case Transform.PRF ->
                            Objects.requireNonNull(PseudorandomFunction.of(t.id()))
                                    .listing();
                        case Transform.KEY_EXCHANGE ->
                            Objects.requireNonNull(KeyExchangeMethod.of(t.id())).listing();
                        default -> t.id() == 1 ? "ESN" : "NO_ESN";
                    });
        }
        return String.join("/", names);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            aes256gcm16-prfsha384-ecp384       | AES_GCM_16-256/PRF_HMAC_SHA2_384/ECP_384
            aes128gcm128-prfsha256-x25519      | AES_GCM_16-128/PRF_HMAC_SHA2_256/CURVE_25519
            aes256gcm-sha512-modp2048          | AES_GCM_16-256/PRF_HMAC_SHA2_512/MODP_2048
            aes128-sha256-modp2048             | AES_CBC-128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048
            aes-sha1-modp3072                  | AES_CBC-128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_3072
            aes256-sha2_512-prfsha256-ecp256   | AES_CBC-256/HMAC_SHA2_512_256/PRF_HMAC_SHA2_256/ECP_256
            aes128-aes256-sha256-sha384-ecp256-modp2048 | AES_CBC-128/AES_CBC-256/HMAC_SHA2_256_128/HMAC_SHA2_384_192/PRF_HMAC_SHA2_256/PRF_HMAC_SHA2_384/ECP_256/MODP_2048
            modp2048-sha256-aes128             | AES_CBC-128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048
            chacha20poly1305-prfsha256-curve25519 | CHACHA20_POLY1305/PRF_HMAC_SHA2_256/CURVE_25519
            aes192ctr-aesxcbc-modp4096         | AES_CTR-192/AES_XCBC_96/PRF_AES128_XCBC/MODP_4096
            aes256ccm8-prfaescmac-curve448     | AES_CCM_8-256/PRF_AES128_CMAC/CURVE_448
            aes128ccm96-prfsha1-modp8192       | AES_CCM_12-128/PRF_HMAC_SHA1/MODP_8192
            aes128gcm16-ecp256                 | no pseudorandom function in aes128gcm16-ecp256
            aes128-sha256                      | no key exchange method in aes128-sha256
            aes128-prfsha256-ecp256            | no integrity algorithm in aes128-prfsha256-ecp256
            sha256-ecp256                      | no encryption algorithm in sha256-ecp256
            aes128-aes128gcm16-sha256-ecp256   | AEAD and other encryption algorithms in one proposal: aes128-aes128gcm16-sha256-ecp256
            null-sha256-ecp256                 | NULL encryption is refused for IKE: null-sha256-ecp256
            aes128-sha256-ecp256-esn           | esn and noesn belong to ESP: aes128-sha256-ecp256-esn
            des-sha1-modp2048                  | algorithm des in des-sha1-modp2048: strongSwan's, not supported yet
            aes128-sha256-modp768              | algorithm modp768 in aes128-sha256-modp768: strongSwan's, not supported yet
            aes128-sha256-ntru128              | algorithm ntru128 in aes128-sha256-ntru128: strongSwan's, not supported yet
            aes128-md5-modp2048                | algorithm md5 in aes128-md5-modp2048: strongSwan's, not supported yet
            aes128-sha256-x25519-ke1_mlkem768  | algorithm ke1_mlkem768 in aes128-sha256-x25519-ke1_mlkem768: strongSwan's, not supported yet
            aes128-sha257-modp2048             | unknown algorithm 'sha257' in aes128-sha257-modp2048
            aes128--modp2048                   | unknown algorithm '' in aes128--modp2048
            """)
    void ikeProposals(String text, String expected) {
        assertEquals(expected, parse(Proposal.IKE, text));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            aes256gcm16                  | AES_GCM_16-256/NO_ESN
            aes256gcm16-ecp384-esn       | AES_GCM_16-256/ECP_384/ESN
            aes128-sha256-esn-noesn      | AES_CBC-128/HMAC_SHA2_256_128/ESN/NO_ESN
            null-sha256                  | NULL/HMAC_SHA2_256_128/NO_ESN
            aes256gcm16-sha256           | AES_GCM_16-256/NO_ESN
            aes256-prfsha256-sha256      | pseudorandom functions belong to IKE: aes256-prfsha256-sha256
            aes256                       | no integrity algorithm in aes256
            aes128gmac                   | algorithm aes128gmac in aes128gmac: strongSwan's, not supported yet
            """)
    void espProposals(String text, String expected) {
        assertEquals(expected, parse(Proposal.ESP, text));
    }

    @Test
    void defaultProposals() {
        List<ConfigFault> faults = new ArrayList<>();
        List<Proposal> ike = ProposalKeywords.parse(Proposal.IKE, List.of(), faults);
        assertEquals(List.of(1, 2), ike.stream().map(Proposal::number).toList());
        for (Proposal proposal : ike) {
            assertFalse(describe(proposal).contains("SHA1"), describe(proposal));
            assertTrue(describe(proposal).contains("CURVE_25519"), describe(proposal));
            assertTrue(describe(proposal).contains("MODP_2048"), describe(proposal));
        }
        List<Proposal> esp = ProposalKeywords.parse(Proposal.ESP, List.of("aes256gcm16-esn", "default"), faults);
        assertEquals(List.of(), faults);
        assertEquals(List.of(1, 2, 3), esp.stream().map(Proposal::number).toList());
        assertTrue(esp.stream().allMatch(p -> p.protocol() == Proposal.ESP && p.spi().length == 0));
    }

    @Test
    void whatIsWeakIsNamedOrNotHad() {
        List<ConfigFault> faults = new ArrayList<>();
        for (int protocol : new int[] {Proposal.IKE, Proposal.ESP}) {
            for (Proposal proposal : ProposalKeywords.parse(protocol, List.of(), faults)) {
                for (Transform weak : List.of(
                        EncryptionAlgorithm.TRIPLE_DES_CBC.transform(0),
                        EncryptionAlgorithm.NULL.transform(0),
                        KeyExchangeMethod.MODP_1024.transform(),
                        KeyExchangeMethod.MODP_1536.transform())) {
                    assertFalse(proposal.transforms().contains(weak), proposal.toString());
                }
            }
            assertEquals(
                    EncryptionAlgorithm.TRIPLE_DES_CBC.transform(0),
                    ProposalKeywords.parse(protocol, List.of("3des-sha1-modp1024-modp1536"), faults)
                            .getFirst()
                            .transforms()
                            .getFirst());
        }
        assertEquals(List.of(), faults);
    }

    @Test
    void everyAlgorithmHasAKeyword() {
        for (EncryptionAlgorithm algorithm : EncryptionAlgorithm.values()) {
            int length = algorithm.hasKeyLength() ? 256 : 0;
            String keyword = ProposalKeywords.keywords().stream()
                    .filter(k -> parse(Proposal.ESP, k + "-sha256").startsWith(algorithm.listing()))
                    .findFirst()
                    .orElse("");
            assertFalse(keyword.isEmpty(), algorithm + " " + length);
        }
        for (KeyExchangeMethod method : KeyExchangeMethod.values()) {
            assertTrue(parse(Proposal.IKE, "aes128-sha256-" + method.keyword()).endsWith(method.listing()));
        }
        for (PseudorandomFunction prf : PseudorandomFunction.values()) {
            assertTrue(
                    parse(Proposal.IKE, "aes128-sha256-ecp256-" + prf.keyword()).contains(prf.listing()));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            10.1.2.3            | 1  | 0a010203                         | 10.1.2.3
            2001:db8::1         | 5  | 20010db8000000000000000000000001 | 2001:db8:0:0:0:0:0:1
            gw.example.org      | 2  | 67772e6578616d706c652e6f7267     | gw.example.org
            @gw.example.org     | 2  | 67772e6578616d706c652e6f7267     | gw.example.org
            fqdn:gw             | 2  | 6777                             | gw
            a@b.org             | 3  | 6140622e6f7267                   | a@b.org
            @@a@b               | 3  | 614062                           | a@b
            email:x             | 3  | 78                               | x
            @#0102ff            | 11 | 0102ff                           | 01:02:ff
            keyid:#0a:0b        | 11 | 0a0b                             | 0a:0b
            keyid:name          | 11 | 6e616d65                         | name
            ipv4:#0a000001      | 1  | 0a000001                         | 10.0.0.1
            {11}:abc            | 11 | 616263                           | abc
            999.1.2.3           | 2  | 3939392e312e322e33               | 999.1.2.3
            C=CH, CN=gw         | 9  | 301a310b3009060355040613024348310b3009060355040313026777 | C=CH, CN=gw
            /C=CH/CN=gw         | 9  | 301a310b3009060355040613024348310b3009060355040313026777 | C=CH, CN=gw
            """)
    void identities(String text, int type, String hex, String shown) throws ConfigFault {
        Identification id = IdentityText.parse(text);
        assertEquals(type, id.type());
        assertEquals(hex, HexFormat.of().formatHex(id.data()));
        assertEquals(shown, IdentityText.format(id));
    }

    @Test
    void distinguishedNamesOfSeveralKinds() throws ConfigFault {
        Identification id =
                IdentityText.parse("C=CH, O=Exämple\\, Inc, OU=Research, CN=gw, E=a@b.ch, DC=ch, 2.5.4.12=Dr");
        assertEquals("C=CH, O=Exämple, Inc, OU=Research, CN=gw, E=a@b.ch, DC=ch, T=Dr", IdentityText.format(id));
        assertThrows(ConfigFault.class, () -> IdentityText.parse("C=CH, X=1"));
        assertThrows(ConfigFault.class, () -> IdentityText.parse("C=CH, nothing"));
        assertEquals(
                "wildcard in a distinguished name: strongSwan's, not supported yet",
                assertThrows(ConfigFault.class, () -> IdentityText.parse("C=CH, CN=*"))
                        .what());
        assertThrows(ConfigFault.class, () -> IdentityText.parse("@#012"));
    }

    @Test
    void anyIdentity() throws ConfigFault {
        for (String any : List.of("%any", "*", "")) {
            assertTrue(IdentityText.pattern(any).isAny(), any);
        }
        assertTrue(IdentityText.pattern("*@example.org")
                .matches(new Identification(3, "Carol@Example.org".getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    void hostileIdentitiesAreShownOnOneLine() {
        String shown = IdentityText.format(new Identification(
                Identification.FQDN, "a\nb\u001b[31m".repeat(200).getBytes(StandardCharsets.UTF_8)));
        assertTrue(shown.length() <= 256 && shown.startsWith("a?b?[31m"), shown);
        assertEquals("01:02", IdentityText.format(new Identification(Identification.DER_ASN1_DN, new byte[] {1, 2})));
        assertEquals("01", IdentityText.format(new Identification(Identification.IPV4_ADDR, new byte[] {1})));
        assertEquals("%any", IdentityText.format(null));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            10.1.0.0/16                    | 10.1.0.0-10.1.255.255 | 0   | 0     | 65535
            10.1.0.7/24[tcp/80]            | 10.1.0.0-10.1.0.255   | 6   | 80    | 80
            10.0.0.1-10.0.0.9[udp/1024-65535] | 10.0.0.1-10.0.0.9  | 17  | 1024  | 65535
            dynamic                        | dynamic               | 0   | 0     | 65535
            dynamic[udp/l2f]               | dynamic               | 17  | 1701  | 1701
            [gre]                          | dynamic               | 47  | 0     | 65535
            192.168.1.1[132/opaque]        | 192.168.1.1-192.168.1.1 | 132 | 65535 | 0
            fd00::/8[ipv6-icmp]            | fd00:0:0:0:0:0:0:0-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff | 58 | 0 | 65535
            """)
    void selectors(String text, String range, int protocol, int start, int end) throws ConfigFault {
        SelectorPolicy selector = SelectorText.parse(text);
        String shown = selector.range() == null
                ? "dynamic"
                : selector.range().first().getHostAddress() + "-"
                        + selector.range().last().getHostAddress();
        assertEquals(range, shown);
        assertEquals(
                List.of(protocol, start, end), List.of(selector.protocol(), selector.startPort(), selector.endPort()));
    }

    @Test
    void faultySelectors() {
        for (String text : List.of(
                "10.0.0.0/33",
                "10.0.0.9-10.0.0.1",
                "10.0.0.0/8[tcp",
                "10.0.0.0/8[nosuch]",
                "dynamic[tcp/70000]",
                "dynamic[tcp/9-1]")) {
            assertThrows(ConfigFault.class, () -> SelectorText.parse(text), text);
        }
        assertEquals(
                "host name 'gw.example.org': strongSwan's, not supported yet; name an address",
                assertThrows(ConfigFault.class, () -> SelectorText.parse("gw.example.org"))
                        .what());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            psk                         | PSK    |
            pubkey                      | PUBKEY |
            rsa-sha256                  | PUBKEY | RSA_PKCS1_SHA256
            rsa                         | PUBKEY | RSA_PKCS1_SHA256 RSA_PKCS1_SHA384 RSA_PKCS1_SHA512 RSA_PKCS1_SHA1
            ecdsa-sha384-sha256         | PUBKEY | ECDSA_SHA384 ECDSA_SHA256
            rsa/pss-sha256              | PUBKEY | RSA_PSS_SHA256
            ike:rsa/pss-sha384-sha512   | PUBKEY | RSA_PSS_SHA384 RSA_PSS_SHA512
            pubkey-sha256-ike:rsa/pss-sha256 | PUBKEY | RSA_PSS_SHA256
            pubkey-sha512               | PUBKEY | RSA_PKCS1_SHA512 ECDSA_SHA512
            rsa-sha256-ecdsa-sha384     | PUBKEY | RSA_PKCS1_SHA256 ECDSA_SHA384
            ed25519                     | PUBKEY | ED25519
            """)
    void authentication(String text, AuthPolicy.Method method, String schemes) throws ConfigFault {
        AuthKeywords auth = AuthKeywords.parse(text);
        assertEquals(method, auth.method());
        assertEquals(
                schemes == null ? "" : schemes,
                String.join(
                        " ", auth.schemes().stream().map(SignatureScheme::name).toList()));
    }

    @Test
    void refusedAuthentication() {
        for (String text : List.of("eap-mschapv2", "ed448", "rsa-2048-sha256")) {
            assertTrue(
                    assertThrows(ConfigFault.class, () -> AuthKeywords.parse(text), text)
                            .what()
                            .endsWith("strongSwan's, not supported yet"),
                    text);
        }
        assertEquals(
                "unknown authentication 'publickey' in 'publickey'",
                assertThrows(ConfigFault.class, () -> AuthKeywords.parse("publickey"))
                        .what());
        assertThrows(ConfigFault.class, () -> AuthKeywords.parse("sha256"));
        assertThrows(ConfigFault.class, () -> AuthKeywords.parse("psk-sha256"));
    }

    @Test
    void passphrases() {
        try (Passphrase passphrase = new Passphrase("gehäim")) {
            assertArrayEquals("gehäim".getBytes(StandardCharsets.UTF_8), passphrase.octets());
            assertFalse(passphrase.toString().contains("geh"));
        }
    }
}
