package dev.cardinal.ike.interop;

import java.util.regex.Pattern;

/**
 * The near end of a case. What it must report is told in the far end's words: an SA of strongSwan's listing, which the
 * near end must know by the same SPIs. Waits end in an assertion error.
 */
sealed interface NearEnd extends AutoCloseable permits CardinalProcess, StandIn {

    /** Waits until this end has reported that IKE SA as established. */
    void awaitIke(Listing.Ike theirs);

    /** Waits until this end has said why it holds no SA. */
    void awaitRefusal(Pattern log);

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

    /** Asserts that the cipher's key of an ISAKMP SA, in hexadecimal, is what this end told of it. */
    void checkIkeKey(Listing.Ike theirs, String key);

    /** Asserts that keys of ESP in hexadecimal are what this end told of them. @param integrity empty for none */
    void checkEspKeys(String spi, String encryption, String integrity);

    /** Asks it to end, which deletes its SAs, and asserts that it ends well. */
    void stop();

    /** Ends it at once, as a power cut would. */
    void kill();

    /** All that it has printed. */
    String output();

    @Override
    void close();
}
