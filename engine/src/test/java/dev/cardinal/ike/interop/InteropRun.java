package dev.cardinal.ike.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** A case under way: its two ends, and the SA between them as strongSwan lists it. */
final class InteropRun {

    private static final Duration LIMIT = Duration.ofSeconds(15);

    final InteropCase row;
    final Lab lab;
    final Strongswan theirs;
    private final NearEnd near;
    private Listing.Ike sa;

    InteropRun(InteropCase row, Lab lab, Strongswan theirs, NearEnd near) {
        this.row = row;
        this.lab = lab;
        this.theirs = theirs;
        this.near = near;
        this.sa = new Listing.Ike("", 0, "", 0, "", "", false, NO_END, NO_END, "", List.of());
    }

    private static final Listing.End NO_END = new Listing.End("", "", 0);

    NearEnd ours() {
        return near;
    }

    /** The IKE SA as strongSwan listed it last. */
    Listing.Ike sa() {
        return sa;
    }

    /** Both ends hold one SA with one pair of SPIs, made of what the case says. */
    void assertEstablished() {
        boolean child = !row.childless();
        sa = awaitSa(
                "one established IKE SA" + (child ? " with an installed Child SA" : ""),
                ike -> !child || installed(ike));
        assertEquals(row.version, sa.version(), "version");
        assertEquals(row.initiator == InteropCase.By.THEIRS, sa.initiator(), "initiator");
        assertEquals("b.test", sa.local().identity());
        assertEquals("a.test", sa.remote().identity());
        assertEquals(row.ikeSuite, sa.suite());
        assertLog(row.authentication.accepted(row.version, "a.test"));
        near.awaitIke(sa);
        if (child) {
            assertEquals(row.espSuite, sa.child().suite());
            String net = row.place == InteropCase.Place.DIRECT_IPV6 ? "fd91:%d::/64" : "10.91.%d.0/24";
            boolean left = row.place.oursIsLeft();
            assertEquals(net.formatted(left ? 1 : 2), sa.child().remote());
            assertEquals(net.formatted(left ? 2 : 1), sa.child().local());
            near.awaitChild(sa.child());
        } else {
            assertTrue(sa.children().isEmpty(), "childless");
            assertEquals(row.port, sa.local().port());
            if (row.port == 500) {
                assertNoLog(Pattern.compile("behind NAT|faking NAT"));
            }
        }
        near.checkListing(sa);
    }

    /** Nothing stands, and our log says why; strongSwan has given up, or been told to. */
    void assertRefused(Pattern ourLog) {
        near.awaitRefusal(ourLog);
        awaitTheirsGone();
    }

    /** Both ends have a second Child SA, the first one stays. */
    void assertSecondChild() {
        Listing.Child first = sa.child();
        sa = awaitSa("two Child SAs", ike -> ike.children().size() == 2);
        assertTrue(sa.children().stream().anyMatch(child -> child.in().equals(first.in())), "the first one stays");
        sa.children().forEach(near::awaitChild);
    }

    /** What both ends told of their keys is the same: of the ISAKMP SA, and of either direction of the Child SA. */
    void assertSameKeys() {
        near.checkIkeKey(sa, theirs.toldKey("IKE", "encryption key Ka"));
        boolean initiator = sa.initiator();
        for (boolean outbound : new boolean[] {true, false}) {
            String whose = outbound == initiator ? "initiator" : "responder";
            near.checkEspKeys(
                    outbound ? sa.child().out() : sa.child().in(),
                    theirs.toldKey("CHD", "encryption " + whose + " key"),
                    sa.child().suite().contains("/HMAC") ? theirs.toldKey("CHD", "integrity " + whose + " key") : "");
        }
    }

    private static boolean installed(Listing.Ike ike) {
        return ike.children().size() == 1 && ike.child().state().equals("INSTALLED");
    }

    private Listing.Ike awaitSa(String what, Predicate<Listing.Ike> right) {
        Listing.Ike[] found = new Listing.Ike[1];
        Await.until(LIMIT, what, theirs::listing, () -> {
            List<Listing.Ike> established = theirs.listSas().stream()
                    .filter(ike -> ike.state().equals("ESTABLISHED"))
                    .toList();
            if (established.size() == 1 && right.test(established.getFirst())) {
                found[0] = established.getFirst();
                return true;
            }
            return false;
        });
        return found[0];
    }

    /** Waits for a new Child SA in the place of the present one, at both ends, and for the old one's end. */
    void assertChildRekeyed(String suite) {
        Listing.Ike before = sa;
        Listing.Child old = before.child();
        sa = awaitSa(
                "a Child SA other than " + old,
                ike -> installed(ike)
                        && !ike.child().in().equals(old.in())
                        && !ike.child().out().equals(old.out()));
        assertEquals(before.spiI(), sa.spiI(), "the IKE SA stays");
        assertEquals(suite, sa.child().suite());
        assertEquals(old.local(), sa.child().local());
        assertEquals(old.remote(), sa.child().remote());
        near.awaitChild(sa.child());
        near.awaitChildGone(old);
    }

    /** Waits for a new IKE SA in the place of the present one, at both ends; the Child SA moves along unchanged. */
    void assertIkeRekeyed() {
        Listing.Ike old = sa;
        sa = awaitSa(
                "an IKE SA other than " + old,
                ike -> !ike.spiI().equals(old.spiI()) && !ike.spiR().equals(old.spiR()));
        assertEquals(old.suite(), sa.suite());
        near.awaitIke(sa);
        near.awaitIkeGone(old);
        if (!row.childless()) {
            assertEquals(old.child().in(), sa.child().in(), "the Child SA moves to the new IKE SA");
            assertEquals(old.child().out(), sa.child().out());
        }
    }

    /** strongSwan has deleted the Child SA only. */
    void assertChildDeleted() {
        Listing.Child old = sa.child();
        sa = awaitSa("no Child SA", ike -> ike.children().isEmpty());
        near.awaitChildGone(old);
    }

    /** Neither end holds the IKE SA any more. */
    void assertIkeGone() {
        awaitTheirsGone();
        near.awaitIkeGone(sa);
    }

    /** strongSwan holds no established SA any more. */
    void awaitTheirsGone() {
        Await.until(
                LIMIT,
                "no SA at strongSwan",
                theirs::listing,
                () -> theirs.listSas().stream().noneMatch(ike -> ike.state().equals("ESTABLISHED")));
    }

    /** Waits until strongSwan's log has that many matches. */
    void awaitLog(Pattern pattern, int times) {
        Await.until(
                LIMIT,
                times + " times in strongSwan's log: " + pattern,
                theirs::log,
                () -> pattern.matcher(theirs.log()).results().count() >= times);
    }

    void assertLog(Pattern pattern) {
        String log = theirs.log();
        assertTrue(pattern.matcher(log).find(), () -> "not in strongSwan's log: " + pattern + "\n" + log);
    }

    void assertNoLog(Pattern pattern) {
        String log = theirs.log();
        assertFalse(pattern.matcher(log).find(), () -> "in strongSwan's log: " + pattern + "\n" + log);
    }

    /**
     * strongSwan sees the near end at that address and port. Its userland ESP cannot move a Child SA there and rekeys it of
     * its own accord; what is listed in the midst of that is waited out.
     */
    void awaitOursAt(String address, int port) {
        sa = awaitSa(
                "the peer at " + address + ":" + port,
                ike -> ike.remote().address().equals(address)
                        && ike.remote().port() == port
                        && (row.childless() || installed(ike)));
    }
}
