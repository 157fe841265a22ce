package dev.cardinal.ike.interop;

import static dev.cardinal.ike.interop.Authentication.ECDSA_P256;
import static dev.cardinal.ike.interop.Authentication.ECDSA_P384;
import static dev.cardinal.ike.interop.Authentication.PSK;
import static dev.cardinal.ike.interop.Authentication.RSA;
import static dev.cardinal.ike.interop.Authentication.SIGNATURE_ECDSA;
import static dev.cardinal.ike.interop.Authentication.SIGNATURE_PKCS1;
import static dev.cardinal.ike.interop.Authentication.SIGNATURE_PSS;
import static dev.cardinal.ike.interop.Authentication.SIGNATURE_PSS_SHA512;
import static dev.cardinal.ike.interop.InteropCase.By.OURS;
import static dev.cardinal.ike.interop.InteropCase.By.THEIRS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cardinal.ike.interop.InteropCase.By;
import dev.cardinal.ike.interop.InteropCase.Place;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The cases. A name ends with who sends the first message; "by" tells who takes the step. Timers of ours that make a
 * step of ours are short, and their lifetimes long enough that nothing expires meanwhile.
 */
final class InteropTable {

    /** The box's outer port before and after it forgets. */
    static final int NAT_PORT = 20_500;

    private static final int NAT_PORT_LATER = 30_500;

    private static final String CHACHA = "CHACHA20_POLY1305/PRF_HMAC_SHA2_256/";
    private static final String[] REKEY_CHILD_SOON = {"rekey_time = 3s", "rand_time = 0s", "life_time = 60s"};
    private static final String[] REKEY_IKE_SOON = {"rekey_time = 3s", "rand_time = 0s", "over_time = 60s"};

    /** Long enough that an old ISAKMP SA, kept 5 s, is gone before the next one comes. */
    private static final String[] REAUTH_SOON = {"rekey_time = 7s", "rand_time = 0s", "over_time = 60s"};

    /** With a wrong pre-shared key nothing can be read: that is all that either end gets to know. */
    private static final String UNREADABLE = "does not decrypt, as where the shared secrets differ";

    private InteropTable() {}

    static List<InteropCase> cases() {
        return Stream.concat(ikev2().stream(), ikev1().stream()).toList();
    }

    private static List<InteropCase> ikev2() {
        return List.of(
                // authentication, both directions
                row("psk", THEIRS, PSK).ike("aes256-sha256-modp2048", cbc("256", "256_128", "256", "MODP_2048")),
                row("psk", OURS, PSK).ike("aes256-sha256-modp2048", cbc("256", "256_128", "256", "MODP_2048")),
                row("rsa", THEIRS, RSA),
                row("rsa", OURS, RSA),
                row("ecdsa-p256", THEIRS, ECDSA_P256),
                row("ecdsa-p256", OURS, ECDSA_P256),
                row("ecdsa-p384", THEIRS, ECDSA_P384),
                row("rfc7427-pkcs1", THEIRS, SIGNATURE_PKCS1),
                row("rfc7427-pss", THEIRS, SIGNATURE_PSS),
                row("rfc7427-pss", OURS, SIGNATURE_PSS),
                row("rfc7427-pss-sha512", OURS, SIGNATURE_PSS_SHA512),
                row("rfc7427-ecdsa", OURS, SIGNATURE_ECDSA),
                // the crypto card: our key on it, then strongSwan's by its pkcs11 plugin
                row("card-rsa", THEIRS, SIGNATURE_PKCS1).onOurCard(),
                row("card-psk", OURS, PSK)
                        .onOurCard()
                        .ike("aes256-sha256-modp2048", cbc("256", "256_128", "256", "MODP_2048")),
                row("card-ecdsa", OURS, ECDSA_P256)
                        .onOurCard()
                        .ike("aes128gcm16-prfsha256-ecp256", gcm("128", "256", "ECP_256")),
                row("their-card-rsa", THEIRS, RSA).at(Place.THEIR_CARD),
                row("their-card-rfc7427", OURS, SIGNATURE_PKCS1).at(Place.THEIR_CARD),
                row("their-card-ecdsa", THEIRS, ECDSA_P256).at(Place.THEIR_CARD),
                // groups; 14 and 31 are above
                row("group15-gcm", THEIRS, PSK)
                        .ike("aes256gcm16-prfsha384-modp3072", gcm("256", "384", "MODP_3072"))
                        .esp("aes256gcm16", "AES_GCM_16-256"),
                row("group15-cbc", OURS, PSK)
                        .ike("aes128-sha256-modp3072", cbc("128", "256_128", "256", "MODP_3072"))
                        .esp("aes128-sha256", "AES_CBC-128/HMAC_SHA2_256_128"),
                row("group19-gcm", THEIRS, PSK)
                        .ike("aes128gcm16-prfsha256-ecp256", gcm("128", "256", "ECP_256"))
                        .esp("aes128gcm16", "AES_GCM_16-128"),
                row("group19-gcm", OURS, ECDSA_P256)
                        .ike("aes128gcm16-prfsha256-ecp256", gcm("128", "256", "ECP_256"))
                        .esp("aes128gcm16", "AES_GCM_16-128"),
                row("group20-gcm", OURS, PSK)
                        .ike("aes256gcm16-prfsha384-ecp384", gcm("256", "384", "ECP_384"))
                        .esp("aes256gcm16", "AES_GCM_16-256"),
                row("group20-cbc-sha384", THEIRS, PSK)
                        .ike("aes256-sha384-ecp384", cbc("256", "384_192", "384", "ECP_384"))
                        .esp("aes256-sha384", "AES_CBC-256/HMAC_SHA2_384_192"),
                row("group31-cbc-sha512", OURS, PSK)
                        .ike("aes256-sha512-x25519", cbc("256", "512_256", "512", "CURVE_25519"))
                        .esp("aes256-sha512", "AES_CBC-256/HMAC_SHA2_512_256"),
                row("group31-chacha", THEIRS, PSK)
                        .ike("chacha20poly1305-prfsha256-x25519", CHACHA + "CURVE_25519")
                        .esp("chacha20poly1305", "CHACHA20_POLY1305"),
                row("invalid-ke", THEIRS, PSK)
                        .ike("aes256-sha256-ecp256", cbc("256", "256_128", "256", "ECP_256"))
                        .theirConnection("proposals = aes256-sha256-x25519-ecp256")
                        .step(run -> run.assertLog(Pattern.compile("IKE_SA_INIT response 0 \\[ N\\(INVAL_KE\\)"))),
                // a chain that fits no datagram
                row("fragments", THEIRS, SIGNATURE_PKCS1)
                        .key(Authentication.Key.RSA_CHAIN)
                        .step(InteropTable::assertFragments),
                row("fragments", OURS, SIGNATURE_PKCS1)
                        .key(Authentication.Key.RSA_CHAIN)
                        .step(InteropTable::assertFragments),
                // cookies
                row("cookie-by-ours", THEIRS, PSK)
                        .ourSettings("cookie_threshold = 1")
                        .before((lab, folder) -> HalfOpen.leave(lab.right(), Lab.LEFT, folder))
                        .step(run -> run.assertLog(Pattern.compile("IKE_SA_INIT response 0 \\[ N\\(COOKIE\\) \\]"))),
                row("cookie-by-theirs", OURS, PSK)
                        .at(Place.COOKIES)
                        .before((lab, folder) -> HalfOpen.leave(lab.left(), lab.rightAddress(), folder))
                        .step(run -> run.assertLog(Pattern.compile("IKE_SA_INIT request 0 \\[ N\\(COOKIE\\) "))),
                // rekeying
                row("rekey-child-by-theirs", THEIRS, PSK).step(run -> {
                    run.theirs.rekeyChild("net");
                    run.assertChildRekeyed("AES_CBC-256/HMAC_SHA2_256_128");
                }),
                row("rekey-child-pfs-by-theirs", OURS, PSK)
                        .esp("aes128gcm16-ecp256", "AES_GCM_16-128")
                        .step(run -> {
                            run.theirs.rekeyChild("net");
                            run.assertChildRekeyed("AES_GCM_16-128/ECP_256");
                        }),
                row("rekey-child-by-ours", THEIRS, PSK)
                        .ourChild(REKEY_CHILD_SOON)
                        .step(run -> rekeyChildByOurs(run, "AES_CBC-256/HMAC_SHA2_256_128")),
                row("rekey-child-pfs-by-ours", OURS, PSK)
                        .esp("aes256-sha256-x25519", "AES_CBC-256/HMAC_SHA2_256_128")
                        .ourChild(REKEY_CHILD_SOON)
                        .step(run -> rekeyChildByOurs(run, "AES_CBC-256/HMAC_SHA2_256_128/CURVE_25519")),
                row("rekey-ike-by-theirs", THEIRS, RSA).step(InteropTable::rekeyIkeByTheirs),
                row("rekey-ike-by-theirs", OURS, PSK)
                        .ike("aes256gcm16-prfsha384-ecp384", gcm("256", "384", "ECP_384"))
                        .step(InteropTable::rekeyIkeByTheirs),
                row("rekey-ike-by-ours", THEIRS, PSK)
                        .ourConnection(REKEY_IKE_SOON)
                        .step(InteropRun::assertIkeRekeyed),
                row("rekey-ike-by-ours", OURS, PSK)
                        .ike("aes256-sha256-modp2048", cbc("256", "256_128", "256", "MODP_2048"))
                        .ourConnection(REKEY_IKE_SOON)
                        .step(InteropRun::assertIkeRekeyed),
                // deleting; that by ours ends every other case
                row("delete-ike-by-theirs", THEIRS, PSK)
                        .step(InteropTable::deleteIkeByTheirs)
                        .ends(),
                row("delete-ike-by-ours", THEIRS, ECDSA_P256),
                row("delete-child-by-theirs", THEIRS, PSK).step(run -> {
                    run.theirs.terminateChild("net");
                    run.assertChildDeleted();
                }),
                // liveness
                row("liveness-by-theirs", THEIRS, PSK)
                        .theirConnection("dpd_delay = 1s")
                        .step(run -> run.awaitLog(Pattern.compile("parsed INFORMATIONAL response \\d+ \\[ \\]"), 2)),
                row("liveness-by-ours", THEIRS, PSK)
                        .ourConnection("dpd_delay = 1s")
                        .step(run -> run.awaitLog(Pattern.compile("parsed INFORMATIONAL request \\d+ \\[ \\]"), 2)),
                row("dead-peer-seen-by-ours", OURS, PSK)
                        .ourConnection("dpd_delay = 1s")
                        .ourSettings("retransmit_timeout = 0.2", "retransmit_tries = 2")
                        .step(run -> {
                            run.lab.link(false);
                            run.ours().awaitIkeGone(run.sa());
                            run.lab.link(true);
                        })
                        .ends(),
                row("dead-peer-seen-by-theirs", THEIRS, PSK)
                        .theirConnection("dpd_delay = 1s")
                        .theirSettings("retransmit_timeout = 0.2", "retransmit_tries = 2")
                        .step(run -> {
                            run.ours().kill();
                            run.awaitTheirsGone();
                        })
                        .ends(),
                // NAT, and a box that forgets
                row("nat-t-theirs-behind", THEIRS, PSK)
                        .at(Place.NAT_THEIRS)
                        .theirConnection("dpd_delay = 1s")
                        .step(run -> {
                            run.ours().awaitRemote(Lab.BOX, NAT_PORT);
                            run.lab.remap(NAT_PORT_LATER);
                            run.ours().awaitRemote(Lab.BOX, NAT_PORT_LATER);
                            run.theirs.rekeyChild("net");
                            run.assertChildRekeyed("AES_CBC-256/HMAC_SHA2_256_128");
                        }),
                row("nat-t-ours-behind", OURS, PSK)
                        .at(Place.NAT_OURS)
                        .ourConnection("dpd_delay = 1s")
                        .step(run -> {
                            run.awaitOursAt(Lab.BOX, NAT_PORT);
                            run.lab.remap(NAT_PORT_LATER);
                            run.awaitOursAt(Lab.BOX, NAT_PORT_LATER);
                            run.theirs.rekeyChild("net");
                            run.assertChildRekeyed("AES_CBC-256/HMAC_SHA2_256_128");
                        }),
                // IPv6
                row("ipv6", THEIRS, RSA).at(Place.DIRECT_IPV6).step(InteropTable::assertIpv6),
                row("ipv6", OURS, PSK).at(Place.DIRECT_IPV6).step(InteropTable::assertIpv6),
                // no NAT in sight: port 500, childless (RFC 6023)
                row("childless-psk", THEIRS, PSK).at(Place.KERNEL).step(InteropTable::assertPort500),
                row("childless-psk", OURS, PSK).at(Place.KERNEL),
                row("childless-rsa", THEIRS, RSA).at(Place.KERNEL).step(InteropTable::assertPort500),
                row("childless-ecdsa", THEIRS, ECDSA_P256).at(Place.KERNEL).step(InteropTable::assertPort500),
                row("childless-rekey-by-theirs", THEIRS, PSK).at(Place.KERNEL).step(run -> {
                    rekeyIkeByTheirs(run);
                    assertPort500(run);
                }),
                row("childless-rekey-by-ours", THEIRS, PSK)
                        .at(Place.KERNEL)
                        .ourConnection(REKEY_IKE_SOON)
                        .step(run -> {
                            run.assertIkeRekeyed();
                            assertPort500(run);
                        }),
                row("childless-delete-by-theirs", THEIRS, PSK)
                        .at(Place.KERNEL)
                        .step(InteropTable::deleteIkeByTheirs)
                        .ends());
    }

    private static List<InteropCase> ikev1() {
        return List.of(
                // authentication in both modes, both directions; RFC 2409 has nothing but the hash signed
                main("psk", THEIRS, PSK).keysTold().step(InteropRun::assertSameKeys),
                main("psk", OURS, PSK).keysTold().step(InteropRun::assertSameKeys),
                main("rsa", THEIRS, RSA),
                main("rsa", OURS, RSA),
                main("card-rsa", THEIRS, RSA).onOurCard(),
                main("ecdsa-p256", THEIRS, ECDSA_P256),
                main("ecdsa-p256", OURS, ECDSA_P256),
                main("ecdsa-p384", THEIRS, ECDSA_P384),
                aggressive("psk", THEIRS, PSK),
                aggressive("psk", OURS, PSK),
                aggressive("rsa", THEIRS, RSA),
                aggressive("rsa", OURS, RSA),
                aggressive("ecdsa-p256", THEIRS, ECDSA_P256),
                // algorithms; the key of aes256 is longer than what HMAC-SHA1 gives
                main("3des-sha1-modp1024", THEIRS, PSK)
                        .ike("3des-sha1-modp1024", "3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024")
                        .esp("3des-sha1", "3DES_CBC/HMAC_SHA1_96")
                        .keysTold()
                        .step(InteropRun::assertSameKeys),
                main("3des-sha1-modp1024", OURS, PSK)
                        .ike("3des-sha1-modp1024", "3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024")
                        .esp("3des-sha1", "3DES_CBC/HMAC_SHA1_96")
                        .keysTold()
                        .step(InteropRun::assertSameKeys),
                main("aes256-sha1-ecp256", OURS, RSA)
                        .ike("aes256-sha1-ecp256", "AES_CBC-256/HMAC_SHA1_96/PRF_HMAC_SHA1/ECP_256")
                        .esp("aes128gcm16", "AES_GCM_16-128")
                        .keysTold()
                        .step(InteropRun::assertSameKeys),
                main("sha384-modp3072", THEIRS, PSK)
                        .ike("aes128-sha384-modp3072", cbc("128", "384_192", "384", "MODP_3072"))
                        .esp("aes256gcm16", "AES_GCM_16-256"),
                main("sha512-ecp384", OURS, PSK)
                        .ike("aes256-sha512-ecp384", cbc("256", "512_256", "512", "ECP_384"))
                        .esp("aes256-sha512", "AES_CBC-256/HMAC_SHA2_512_256"),
                // quick mode with a key exchange of its own, and several of them
                main("pfs", THEIRS, PSK)
                        .esp("aes256-sha256-modp2048", "AES_CBC-256/HMAC_SHA2_256_128/MODP_2048")
                        .keysTold()
                        .step(InteropRun::assertSameKeys),
                main("pfs", OURS, PSK)
                        .esp("aes128-sha256-ecp256", "AES_CBC-128/HMAC_SHA2_256_128/ECP_256")
                        .keysTold()
                        .step(InteropRun::assertSameKeys),
                main("second-child", THEIRS, PSK).second().step(InteropTable::secondChild),
                main("second-child", OURS, PSK).second().step(InteropTable::secondChild),
                // rekeying, and phase 1 anew
                main("rekey-child-by-theirs", THEIRS, PSK)
                        .theirSettings("delete_rekeyed = yes")
                        .step(run -> {
                            run.theirs.rekeyChild("net");
                            run.assertChildRekeyed("AES_CBC-256/HMAC_SHA2_256_128");
                        }),
                main("rekey-child-pfs-by-theirs", OURS, PSK)
                        .esp("aes256-sha256-ecp256", "AES_CBC-256/HMAC_SHA2_256_128/ECP_256")
                        .theirSettings("delete_rekeyed = yes")
                        .step(run -> {
                            run.theirs.rekeyChild("net");
                            run.assertChildRekeyed("AES_CBC-256/HMAC_SHA2_256_128/ECP_256");
                        }),
                main("rekey-child-by-ours", THEIRS, PSK)
                        .ourChild(REKEY_CHILD_SOON)
                        .step(run -> rekeyChildByOurs(run, "AES_CBC-256/HMAC_SHA2_256_128")),
                main("rekey-child-pfs-by-ours", OURS, PSK)
                        .esp("aes256-sha256-ecp256", "AES_CBC-256/HMAC_SHA2_256_128/ECP_256")
                        .ourChild(REKEY_CHILD_SOON)
                        .step(run -> rekeyChildByOurs(run, "AES_CBC-256/HMAC_SHA2_256_128/ECP_256")),
                main("reauth-by-theirs", THEIRS, RSA).step(InteropTable::rekeyIkeByTheirs),
                main("reauth-by-theirs", OURS, PSK).step(InteropTable::rekeyIkeByTheirs),
                main("reauth-by-ours", THEIRS, PSK).ourConnection(REAUTH_SOON).step(InteropRun::assertIkeRekeyed),
                main("reauth-by-ours", OURS, RSA).ourConnection(REAUTH_SOON).step(InteropRun::assertIkeRekeyed),
                aggressive("reauth-by-theirs", THEIRS, PSK).step(InteropTable::rekeyIkeByTheirs),
                // deleting; that by ours ends every other case
                main("delete-ike-by-theirs", THEIRS, PSK)
                        .step(InteropTable::deleteIkeByTheirs)
                        .ends(),
                main("delete-child-by-theirs", OURS, PSK).step(run -> {
                    run.theirs.terminateChild("net");
                    run.assertChildDeleted();
                }),
                main("delete-child-by-ours", THEIRS, PSK)
                        .ourChild("rekey_time = 0s", "life_time = 4s")
                        .step(run -> {
                            String spi = run.sa().child().out();
                            run.assertChildDeleted();
                            run.awaitLog(Pattern.compile("received DELETE for ESP CHILD_SA with SPI " + spi), 1);
                        }),
                // dead peer detection (RFC 3706)
                main("liveness-by-theirs", THEIRS, PSK)
                        .theirConnection("dpd_delay = 1s")
                        .step(run -> run.awaitLog(
                                Pattern.compile("parsed INFORMATIONAL_V1 request \\d+ \\[ HASH N\\(DPD_ACK\\) \\]"),
                                2)),
                main("liveness-by-ours", THEIRS, PSK)
                        .ourConnection("dpd_delay = 1s")
                        .step(run -> run.awaitLog(
                                Pattern.compile("generating INFORMATIONAL_V1 request \\d+ \\[ HASH N\\(DPD_ACK\\) \\]"),
                                2)),
                main("dead-peer-seen-by-ours", OURS, PSK)
                        .ourConnection("dpd_delay = 1s", "dpd_timeout = 3s")
                        .step(run -> {
                            run.lab.link(false);
                            run.ours().awaitIkeGone(run.sa());
                            run.lab.link(true);
                        })
                        .ends(),
                main("dead-peer-seen-by-theirs", THEIRS, PSK)
                        .theirConnection("dpd_delay = 1s", "dpd_timeout = 3s")
                        .step(run -> {
                            run.ours().kill();
                            run.awaitTheirsGone();
                        })
                        .ends(),
                // NAT, and a box that forgets
                main("nat-t-theirs-behind", THEIRS, PSK)
                        .at(Place.NAT_THEIRS)
                        .before(InteropTable::forgetfulBox)
                        .theirConnection("dpd_delay = 1s")
                        .theirSettings("delete_rekeyed = yes")
                        .step(run -> {
                            run.ours().awaitRemote(Lab.BOX, NAT_PORT);
                            run.lab.remap(NAT_PORT_LATER);
                            run.ours().awaitRemote(Lab.BOX, NAT_PORT_LATER);
                            run.theirs.rekeyChild("net");
                            run.assertChildRekeyed("AES_CBC-256/HMAC_SHA2_256_128");
                        }),
                main("nat-t-ours-behind", OURS, RSA)
                        .at(Place.NAT_OURS)
                        .before(InteropTable::forgetfulBox)
                        .ourConnection("dpd_delay = 1s")
                        .step(run -> run.awaitOursAt(Lab.BOX, NAT_PORT)),
                aggressive("nat-t-ours-behind", OURS, PSK)
                        .at(Place.NAT_OURS)
                        .before(InteropTable::forgetfulBox)
                        .step(run -> run.awaitOursAt(Lab.BOX, NAT_PORT)),
                // a chain that fits no datagram, in Cisco's fragments
                main("fragments", THEIRS, RSA).key(Authentication.Key.RSA_CHAIN).step(InteropTable::assertFragments),
                main("fragments", OURS, RSA).key(Authentication.Key.RSA_CHAIN).step(InteropTable::assertFragments),
                // IPv6, and a link without NAT: port 500 unless either end wants encapsulation
                main("ipv6", THEIRS, RSA).at(Place.DIRECT_IPV6).step(InteropTable::assertIpv6),
                aggressive("ipv6", OURS, PSK).at(Place.DIRECT_IPV6).step(InteropTable::assertIpv6),
                main("childless", THEIRS, PSK).at(Place.KERNEL),
                main("childless", OURS, RSA).at(Place.KERNEL),
                main("encap-by-ours", THEIRS, PSK)
                        .at(Place.KERNEL)
                        .ourConnection("encap = yes")
                        .port(4500),
                main("encap-by-ours", OURS, PSK)
                        .at(Place.KERNEL)
                        .ourConnection("encap = yes")
                        .port(4500),
                main("encap-by-theirs", THEIRS, PSK)
                        .at(Place.KERNEL)
                        .theirConnection("encap = yes")
                        .port(4500),
                aggressive("encap-by-theirs", OURS, PSK)
                        .at(Place.KERNEL)
                        .theirConnection("encap = yes")
                        .port(4500),
                // what must not come about
                main("wrong-secret", THEIRS, PSK).theirSecret("another secret").refused(UNREADABLE),
                main("wrong-secret", OURS, PSK)
                        .theirSecret("another secret")
                        .ourSettings("retransmit_timeout = 0.2", "retransmit_tries = 2")
                        .refused(UNREADABLE),
                aggressive("wrong-secret", THEIRS, PSK)
                        .theirSecret("another secret")
                        .refused(UNREADABLE),
                aggressive("wrong-secret", OURS, PSK)
                        .theirSecret("another secret")
                        .refused("authentication of 'b.test' failed: .*shared secrets differ"),
                main("wrong-identity", THEIRS, PSK)
                        .theirIdentity("c.test")
                        .refused("authentication of 'c.test' failed: no connection takes this identity"),
                main("wrong-identity", OURS, PSK)
                        .theirIdentity("c.test")
                        .refused("authentication of 'c.test' failed: no connection takes this identity"));
    }

    /** The box has one outer port at a time, and the case before may hold it, or have moved it. */
    private static void forgetfulBox(Lab lab, Path folder) {
        lab.remap(NAT_PORT);
    }

    private static void secondChild(InteropRun run) {
        run.theirs.initiateChild("second");
        run.assertSecondChild();
    }

    private static InteropCase main(String name, By initiator, Authentication authentication) {
        return row("v1-main-" + name, initiator, authentication).ikev1();
    }

    private static InteropCase aggressive(String name, By initiator, Authentication authentication) {
        return row("v1-aggressive-" + name, initiator, authentication).aggressive();
    }

    private static InteropCase row(String name, By initiator, Authentication authentication) {
        String from = initiator == OURS ? "-from-ours" : "-from-theirs";
        return new InteropCase(name + from, initiator, authentication);
    }

    private static String cbc(String bits, String integrity, String prf, String group) {
        return "AES_CBC-" + bits + "/HMAC_SHA2_" + integrity + "/PRF_HMAC_SHA2_" + prf + "/" + group;
    }

    private static String gcm(String bits, String prf, String group) {
        return "AES_GCM_16-" + bits + "/PRF_HMAC_SHA2_" + prf + "/" + group;
    }

    /** RFC 7383, and Cisco's of IKEv1: each end's certificates went in more than one fragment. */
    private static void assertFragments(InteropRun run) {
        run.assertLog(Pattern.compile("splitting IKE message \\(\\d+ bytes\\) into \\d+ fragments"));
        run.assertLog(Pattern.compile("received fragment #2"));
    }

    /** RFC 7296 section 2.8: who rekeys deletes the old Child SA. */
    private static void rekeyChildByOurs(InteropRun run, String suite) {
        Listing.Child old = run.sa().child();
        run.assertChildRekeyed(suite);
        run.awaitLog(Pattern.compile("received DELETE for ESP CHILD_SA with SPI " + old.out()), 1);
    }

    private static void rekeyIkeByTheirs(InteropRun run) {
        run.theirs.rekeyIke("net");
        run.assertIkeRekeyed();
    }

    private static void deleteIkeByTheirs(InteropRun run) {
        run.theirs.terminateIke("net");
        run.assertIkeGone();
    }

    private static void assertIpv6(InteropRun run) {
        assertEquals(Lab.RIGHT6, run.sa().local().address());
        assertEquals(Lab.LEFT6, run.sa().remote().address());
    }

    private static void assertPort500(InteropRun run) {
        assertEquals(500, run.sa().local().port());
        assertEquals(500, run.sa().remote().port());
    }
}
