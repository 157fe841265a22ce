package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.wire.IsakmpMessage;
import dev.cardinal.ike.wire.MalformedMessage;
import org.jspecify.annotations.Nullable;

/**
 * An exchange under way. A step either sends, or submits one request and returns: the answer comes to the step that then
 * stands.
 */
sealed interface Exchange
        permits MainMode.Initiator,
                MainMode.Responder,
                AggressiveMode.Initiator,
                AggressiveMode.Responder,
                QuickMode.Initiator,
                QuickMode.Responder,
                TransactionExchange.Initiator,
                TransactionExchange.Responder {

    /**
     * The peer's next message, decrypted where it was encrypted. Whatever is thrown has changed nothing; an exchange that
     * takes the message calls {@link Ikev1Sa#take}.
     *
     * @throws MalformedMessage where the octets are none that stand here
     * @throws Refusal where the exchange cannot go on
     */
    void onMessage(IsakmpMessage message) throws MalformedMessage, Refusal;

    /** The answer to the request that this exchange submitted last. Handles and secrets in it pass to the exchange. */
    void onCrypto(CryptoOutcome outcome);

    /** The answer to the installation that this exchange asked for last. @param failure null where it succeeded */
    void onInstalled(@Nullable String failure);

    /** The back end did not answer in time: the request counts as failed, a late answer is dropped. */
    void onOverdue();

    /** The exchange ends here, whatever it waits for: handles are released, secrets wiped, what it installed removed. */
    void abandon();
}
