package dev.cardinal.ike.ikev2;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.wire.Payload;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An exchange under way in one of the SA's two slots. A step either sends, or submits one request and returns: the answer
 * comes to the step that then stands in the slot.
 */
sealed interface Exchange
        permits IkeSaInit.Initiator,
                IkeSaInit.Responder,
                IkeAuth.Initiator,
                IkeAuth.Responder,
                CreateChildSa.Initiator,
                CreateChildSa.Responder,
                RekeyIkeSa.Initiator,
                RekeyIkeSa.Responder,
                Informational.Initiator {

    /** The payloads of the response, decrypted where the exchange is protected. Never called for responders. */
    void onResponse(List<Payload> payloads);

    /** The answer to the request that this exchange submitted last. Handles and secrets in it pass to the exchange. */
    void onCrypto(CryptoOutcome outcome);

    /** The answer to the installation that this exchange asked for last. @param failure null where it succeeded */
    void onInstalled(@Nullable String failure);

    /** The back end did not answer in time: the request counts as failed, a late answer is dropped. */
    void onOverdue();

    /** The exchange ends here, whatever it waits for: handles are released, secrets wiped, what it installed removed. */
    void abandon();
}
