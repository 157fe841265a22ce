package dev.cardinal.ike.interop;

/**
 * The near end of a case. What it must report is told in the far end's words: an SA of strongSwan's listing, which the
 * near end must know by the same SPIs. Waits end in an assertion error.
 */
sealed interface NearEnd extends AutoCloseable permits CardinalProcess, StandIn {

    /** Waits until this end has reported that IKE SA as established. */
    void awaitIke(Listing.Ike theirs);

    /** Waits until this end has reported that IKE SA as gone. */
    void awaitIkeGone(Listing.Ike theirs);

    /** Waits until this end has reported that Child SA as established. */
    void awaitChild(Listing.Child theirs);

    /** Waits until this end has reported that Child SA as gone. */
    void awaitChildGone(Listing.Child theirs);

    /** Waits until this end has reported the peer at that address and port. */
    void awaitRemote(String address, int port);

    /** Compares the listing that this end printed with the far end's, algorithm by algorithm, where it prints one. */
    void checkListing(Listing.Ike theirs);

    /** Asks it to end, which deletes its SAs, and asserts that it ends well. */
    void stop();

    /** Ends it at once, as a power cut would. */
    void kill();

    /** All that it has printed. */
    String output();

    @Override
    void close();
}
