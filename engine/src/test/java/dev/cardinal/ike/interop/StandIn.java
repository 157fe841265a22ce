package dev.cardinal.ike.interop;

import java.time.Duration;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * A second strongSwan in the daemon's place, with the daemon's own configuration: shows that a case's configurations,
 * steps and far-end assertions are right, so that a failure with the daemon is the daemon's.
 */
final class StandIn implements NearEnd {

    private static final Duration LIMIT = Duration.ofSeconds(15);

    private final Strongswan strongswan;

    StandIn(Strongswan strongswan) {
        this.strongswan = strongswan;
    }

    /** Establishes what the case wants from this end. */
    StandIn initiate(InteropCase row) {
        if (row.refusal != null) {
            strongswan.initiateInVain("net");
        } else if (row.childless()) {
            strongswan.initiateIke("net");
        } else {
            strongswan.initiateChild("net");
        }
        return this;
    }

    private void await(String what, Predicate<Listing.Ike> any, boolean present) {
        Await.until(
                LIMIT, what, this::output, () -> strongswan.listSas().stream().anyMatch(any) == present);
    }

    private static Predicate<Listing.Ike> established(Listing.Ike theirs) {
        return mine -> mine.spiI().equals(theirs.spiI())
                && mine.spiR().equals(theirs.spiR())
                && mine.state().equals("ESTABLISHED");
    }

    private static Predicate<Listing.Ike> holds(Listing.Child theirs) {
        return mine -> mine.children().stream()
                .anyMatch(
                        child -> child.in().equals(theirs.out()) && child.out().equals(theirs.in()));
    }

    @Override
    public void awaitIke(Listing.Ike theirs) {
        await("IKE SA up", established(theirs), true);
    }

    @Override
    public void awaitRefusal(Pattern log) {
        await("no IKE SA", mine -> mine.state().equals("ESTABLISHED"), false);
    }

    @Override
    public void awaitIkeGone(Listing.Ike theirs) {
        await("IKE SA gone", established(theirs), false);
    }

    @Override
    public void awaitChild(Listing.Child theirs) {
        await("Child SA up", holds(theirs), true);
    }

    @Override
    public void awaitChildGone(Listing.Child theirs) {
        await("Child SA gone", holds(theirs), false);
    }

    @Override
    public void awaitRemote(String address, int port) {
        await(
                "peer at " + address + ":" + port,
                mine -> mine.remote().address().equals(address) && mine.remote().port() == port,
                true);
    }

    @Override
    public void checkListing(Listing.Ike theirs) {
        awaitIke(theirs);
    }

    @Override
    public void checkIkeKey(Listing.Ike theirs, String key) {
        // a strongSwan agrees with a strongSwan
    }

    @Override
    public void checkEspKeys(String spi, String encryption, String integrity) {
        // as above
    }

    @Override
    public void stop() {
        strongswan.close();
    }

    @Override
    public void kill() {
        strongswan.kill();
    }

    @Override
    public String output() {
        return "-- stand-in's SAs\n" + strongswan.listing() + "\n-- its log\n" + strongswan.log();
    }

    @Override
    public void close() {
        strongswan.close();
    }
}
