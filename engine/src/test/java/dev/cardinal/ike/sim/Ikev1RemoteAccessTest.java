package dev.cardinal.ike.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.loop.AddressLeases;
import dev.cardinal.ike.sa.AddressPool;
import dev.cardinal.ike.sa.AddressRange;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaCommand;
import dev.cardinal.ike.sa.SaNotice;
import dev.cardinal.ike.sa.SaSnapshot;
import dev.cardinal.ike.sa.UserPattern;
import dev.cardinal.ike.sa.XauthPolicy;
import dev.cardinal.ike.wire.Identification;
import dev.cardinal.ike.wire.Payload.Configuration.Attribute;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** XAUTH and Mode Config between two SAs: alice is the client, joe, and bob the gateway. */
class Ikev1RemoteAccessTest {
    private static final long SECOND = Policies.SECOND;
    private static final String PASSWORD = "joe's password";
    private static final Attribute DNS = new Attribute(3, new byte[] {10, 0, 0, 53});

    private static Policies alice() {
        return new Policies("alice", "bob")
                .proposals(Policies.ikeCbc(KeyExchangeMethod.CURVE_25519))
                .children(Policies.child("net", "dynamic", "10.2.0.0/16", Policies.esp()))
                .xauth(new XauthPolicy.Answering("joe"));
    }

    private static Policies bob() {
        return new Policies("bob", "alice")
                .proposals(Policies.ikeCbc(KeyExchangeMethod.CURVE_25519))
                .children(Policies.child("net", "10.2.0.0/16", "dynamic", Policies.esp()))
                .xauth(new XauthPolicy.Asking(UserPattern.ANY));
    }

    private static AddressLeases pool(String first, String last) {
        return new AddressLeases(List.of(new AddressPool(
                "road", new AddressRange(Policies.address(first), Policies.address(last)), List.of(DNS))));
    }

    private static Ikev1Pair pair(
            long seed, boolean nat, Policies alice, Policies bob, String said, AddressLeases leases) {
        return pair(seed, nat, false, alice, bob, said, leases);
    }

    private static Ikev1Pair pair(
            long seed,
            boolean nat,
            boolean aggressive,
            Policies alice,
            Policies bob,
            String said,
            AddressLeases leases) {
        String shared = "the secret of the group";
        return new Ikev1Pair(
                seed,
                nat,
                alice.ikev1(aggressive).build(),
                bob.ikev1(aggressive).build(),
                new SimulatedCredentials(shared, 2500, Map.of("joe", said)),
                new SimulatedCredentials(shared, 2500, Map.of("joe", PASSWORD, "ann", "ann's password")),
                leases);
    }

    private static IkeSa start(Ikev1Pair pair, Policies alice) {
        return pair.start(alice.build().children().getFirst());
    }

    private static Identification user(String name) {
        return new Identification(Identification.KEY_ID, name.getBytes(StandardCharsets.UTF_8));
    }

    private static List<InetAddress> given(SimulatedHost host) {
        return host.notices(SaNotice.AddressesAssigned.class).getLast().addresses();
    }

    private static InetAddress inner(SaSnapshot sa, boolean ours) {
        SaSnapshot.Child child = sa.children().getFirst();
        return (ours ? child.local() : child.remote()).getFirst().start();
    }

    private static void assertNobodyIsThere(Ikev1Pair pair) {
        assertTrue(pair.alice().sas().isEmpty(), pair::toString);
        assertTrue(pair.bob().sas().isEmpty(), pair::toString);
        assertTrue(pair.bob().notices(SaNotice.IkeEstablished.class).isEmpty(), pair::toString);
        assertTrue(pair.alice().notices(SaNotice.IkeEstablished.class).isEmpty(), pair::toString);
        assertFalse(pair.toString().contains(PASSWORD));
    }

    @ParameterizedTest
    @CsvSource({
        "PSK, false, false",
        "PSK, true, false",
        "PUBKEY, false, false",
        "PUBKEY, true, true",
        "PSK, false, true",
        "PSK, true, true"
    })
    void userAndPasswordThenAddressThenChild(AuthPolicy.Method method, boolean aggressive, boolean nat) {
        AddressLeases leases = pool("10.3.0.1", "10.3.0.9");
        Policies alice = alice().authenticating(method, method).vips("0.0.0.0");
        Policies bob = bob().authenticating(method, method).pools("road");
        try (Ikev1Pair pair = pair(1, nat, aggressive, alice, bob, PASSWORD, leases)) {
            start(pair, alice);
            pair.advance(2 * SECOND);
            SaSnapshot sa = pair.requireEstablished(1);
            assertEquals(Policies.fqdn("bob"), sa.remoteId());
            SaSnapshot theirs = pair.established(pair.bob()).getFirst();
            assertEquals(user("joe"), theirs.remoteId());
            InetAddress expected = Policies.address("10.3.0.1");
            assertEquals(expected, inner(sa, true));
            assertEquals(expected, inner(theirs, false));
            SaNotice.AddressesAssigned assigned =
                    pair.alice().notices(SaNotice.AddressesAssigned.class).getFirst();
            assertTrue(assigned.ours());
            assertEquals(List.of(Policies.address("10.0.0.53")), assigned.dns());
            assertEquals(1, leases.leased("road"));
            assertFalse(pair.toString().contains(PASSWORD));
            pair.alice().command(pair.alice().sas().getFirst(), new SaCommand.DeleteIke());
            pair.advance(2 * SECOND);
            assertEquals(0, leases.leased("road"));
        }
    }

    /** A wrong password, an unknown user, and one that this connection does not let in look alike. */
    @ParameterizedTest
    @CsvSource({"joe, wrong, joe", "nobody, wrong, joe", "joe, joe's password, ann", "ann, joe's password, ann"})
    void whoDoesNotProveItselfIsTold(String user, String said, String allowed) {
        for (boolean aggressive : new boolean[] {false, true}) {
            Policies alice = alice().xauth(new XauthPolicy.Answering(user)).vips("0.0.0.0");
            Policies bob = bob().xauth(new XauthPolicy.Asking(new UserPattern(allowed)))
                    .pools("road");
            AddressLeases leases = pool("10.3.0.1", "10.3.0.9");
            String shared = "the secret of the group";
            PeerPolicy a = alice.ikev1(aggressive).build();
            try (Ikev1Pair pair = new Ikev1Pair(
                    2,
                    false,
                    a,
                    bob.ikev1(aggressive).build(),
                    new SimulatedCredentials(shared, 2500, Map.of(user, said)),
                    new SimulatedCredentials(shared, 2500, Map.of("joe", PASSWORD, "ann", "ann's password")),
                    leases)) {
                pair.start(a.children().getFirst());
                pair.advance(2 * SECOND);
                assertNobodyIsThere(pair);
                SaNotice.AuthenticationFailed failed =
                        pair.bob().notices(SaNotice.AuthenticationFailed.class).getFirst();
                assertEquals(
                        1,
                        pair.bob().notices(SaNotice.AuthenticationFailed.class).size());
                assertEquals("no such XAUTH user, or a wrong password", failed.why());
                assertEquals(user(user), failed.remoteId());
                assertEquals(
                        1,
                        pair.alice()
                                .notices(SaNotice.AuthenticationFailed.class)
                                .size());
                assertEquals(0, leases.leased("road"));
            }
        }
    }

    /** A client without a password says so, and does not leave the gateway waiting. */
    @Test
    void whoHasNoPasswordGivesUp() {
        Policies alice = alice().xauth(new XauthPolicy.Answering("jim"));
        try (Ikev1Pair pair = pair(3, false, alice, bob(), PASSWORD, pool("10.3.0.1", "10.3.0.9"))) {
            start(pair, alice);
            pair.advance(2 * SECOND);
            assertNobodyIsThere(pair);
            assertEquals(
                    "we have no password for our XAUTH user",
                    pair.alice()
                            .notices(SaNotice.AuthenticationFailed.class)
                            .getFirst()
                            .why());
        }
    }

    @ParameterizedTest
    @CsvSource({"PSK, false", "PSK, true", "PUBKEY, false", "PUBKEY, true"})
    void bearsLossDuplicationAndReplay(AuthPolicy.Method method, boolean aggressive) {
        int established = 0;
        for (long seed = 0; seed < 60; seed++) {
            AddressLeases leases = pool("10.3.0.1", "10.3.0.9");
            Policies alice = alice().authenticating(method, method).vips("0.0.0.0");
            Policies bob = bob().authenticating(method, method).pools("road");
            try (Ikev1Pair pair = pair(seed, seed % 2 == 0, aggressive, alice, bob, PASSWORD, leases)) {
                pair.network().become(new VirtualNetwork.Weather(0.15, 0.15, 0.15, 0, 5_000_000L, 50_000_000L));
                start(pair, alice);
                pair.advance(60 * SECOND);
                pair.network().become(VirtualNetwork.Weather.FAIR);
                pair.advance(60 * SECOND);
                assertEquals(pair.established(pair.bob()).isEmpty() ? 0 : 1, leases.leased("road"));
                if (pair.established(pair.alice()).size() == 1
                        && pair.established(pair.bob()).size() == 1) {
                    SaSnapshot sa = pair.requireEstablished(1);
                    assertEquals(Policies.address("10.3.0.1"), inner(sa, true));
                    established++;
                }
            }
            assertEquals(0, leases.leased("road"));
        }
        // four tries a message, nine messages: a few seeds may fail
        assertTrue(established >= 52, "established " + established + " of 60");
    }

    @Test
    void anExhaustedPoolEndsTheClient() {
        AddressLeases leases = pool("10.3.0.1", "10.3.0.1");
        assertEquals(Policies.address("10.3.0.1"), leases.acquire("road", user("ann"), null));
        Policies alice = alice().vips("0.0.0.0");
        try (Ikev1Pair pair = pair(4, false, alice, bob().pools("road"), PASSWORD, leases)) {
            start(pair, alice);
            pair.advance(2 * SECOND);
            assertTrue(pair.alice().sas().isEmpty(), pair::toString);
            assertTrue(pair.bob().sas().isEmpty(), pair::toString);
            assertEquals(
                    "the peer has no virtual address for us",
                    pair.alice().notices(SaNotice.IkeClosed.class).getFirst().why());
            assertTrue(pair.alice().notices(SaNotice.ChildEstablished.class).isEmpty());
            assertEquals(1, leases.leased("road"));
        }
    }

    /** Phase 1 and XAUTH anew: the address stays, and with it the Child SA. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void reauthenticationKeepsTheAddress(boolean aggressive) {
        AddressLeases leases = pool("10.3.0.1", "10.3.0.9");
        Policies alice = alice().vips("0.0.0.0").rekeyEvery(100 * SECOND);
        // the gateway's own time comes first: it has nobody to ask for a password, and waits
        Policies bob = bob().pools("road").rekeyEvery(95 * SECOND);
        try (Ikev1Pair pair = pair(5, false, aggressive, alice, bob, PASSWORD, leases)) {
            start(pair, alice);
            pair.advance(2 * SECOND);
            SaSnapshot before = pair.requireEstablished(1);
            pair.advance(115 * SECOND);
            SaSnapshot after = pair.requireEstablished(1);
            assertNotEquals(before.initiatorSpi(), after.initiatorSpi());
            assertEquals(
                    before.children().getFirst().inboundSpi(),
                    after.children().getFirst().inboundSpi());
            assertEquals(1, pair.alice().sas().size(), pair::toString);
            assertEquals(1, pair.bob().sas().size(), pair::toString);
            assertEquals(List.of(inner(before, true)), given(pair.alice()));
            assertEquals(1, leases.leased("road"));
            pair.advance(1000 * SECOND);
            pair.requireEstablished(1);
            assertEquals(1, leases.leased("road"));
        }
        assertEquals(0, leases.leased("road"));
    }

    /** Mode Config without XAUTH, and more addresses wanted than given. */
    @Test
    void addressesWithoutPassword() {
        AddressLeases leases = pool("10.3.0.1", "10.3.0.9");
        Policies alice = new Policies("alice", "bob")
                .proposals(Policies.ikeCbc(KeyExchangeMethod.CURVE_25519))
                .children(Policies.child("net", "dynamic", "10.2.0.0/16", Policies.esp()))
                .vips("0.0.0.0", "10.3.0.7");
        Policies bob = new Policies("bob", "alice")
                .proposals(Policies.ikeCbc(KeyExchangeMethod.CURVE_25519))
                .children(Policies.child("net", "10.2.0.0/16", "dynamic", Policies.esp()))
                .pools("none", "road");
        try (Ikev1Pair pair = pair(6, false, alice, bob, PASSWORD, leases)) {
            start(pair, alice);
            pair.advance(2 * SECOND);
            pair.requireEstablished(1);
            assertEquals(List.of(Policies.address("10.3.0.1"), Policies.address("10.3.0.7")), given(pair.alice()));
            assertEquals(2, leases.leased("road"));
        }
        assertEquals(0, leases.leased("road"));
    }

    /** Without its address the gateway's dynamic selector takes the client's own only. */
    @Test
    void whoAsksForNoAddressGetsNoOther() {
        Policies alice = alice();
        try (Ikev1Pair pair = pair(7, false, alice, bob().pools("road"), PASSWORD, pool("10.3.0.1", "10.3.0.9"))) {
            start(pair, alice);
            pair.advance(2 * SECOND);
            SaSnapshot sa = pair.requireEstablished(1);
            assertEquals(sa.path().localAddress(), inner(sa, true));
        }
    }

    /** A gateway that falls silent after phase 1 is given up, and so is a client. */
    @ParameterizedTest
    @ValueSource(longs = {40, 60, 80, 100})
    void whoFallsSilentIsGivenUp(long milliseconds) {
        Policies alice = alice().vips("0.0.0.0");
        try (Ikev1Pair pair = pair(8, false, alice, bob().pools("road"), PASSWORD, pool("10.3.0.1", "10.3.0.9"))) {
            start(pair, alice);
            pair.advance(milliseconds * 1_000_000L);
            pair.network().cut();
            pair.advance(400 * SECOND);
            assertTrue(pair.alice().sas().stream().noneMatch(IkeSa::halfOpen), pair::toString);
            assertTrue(pair.bob().sas().stream().noneMatch(IkeSa::halfOpen), pair::toString);
        }
    }

    /** One wants XAUTH, the other does not: their methods are different ones. */
    @Test
    void xauthIsNotLeftOut() {
        Policies alice = new Policies("alice", "bob")
                .proposals(Policies.ikeCbc(KeyExchangeMethod.CURVE_25519))
                .children(Policies.child("net", "dynamic", "10.2.0.0/16", Policies.esp()));
        try (Ikev1Pair pair = pair(9, false, alice, bob(), PASSWORD, pool("10.3.0.1", "10.3.0.9"))) {
            start(pair, alice);
            pair.advance(2 * SECOND);
            assertNobodyIsThere(pair);
        }
    }
}
