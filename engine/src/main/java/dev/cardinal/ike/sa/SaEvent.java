package dev.cardinal.ike.sa;

import dev.cardinal.ike.crypto.CryptoOutcome;
import org.jspecify.annotations.Nullable;

/** What an IKE SA is told, one at a time. */
public sealed interface SaEvent {

    /** A datagram that its header assigns to this SA, without the non-ESP marker. The array passes to the SA. */
    record Datagram(byte[] octets, Path path) implements SaEvent {}

    /** The answer to {@link Effects#submit}. Handles and secrets pass to the SA, also when it no longer wants them. */
    record CryptoCompleted(long ticket, CryptoOutcome outcome) implements SaEvent {}

    /** The answer to {@link Effects#install}. @param failure null where the Child SA carries traffic now */
    record ChildInstalled(long ticket, @Nullable String failure) implements SaEvent {}

    /** {@link IkeSa#nextDeadlineNanos()} has passed. */
    record TimerDue() implements SaEvent {}

    /** An order of the operator or the daemon. */
    record Command(SaCommand command) implements SaEvent {}
}
