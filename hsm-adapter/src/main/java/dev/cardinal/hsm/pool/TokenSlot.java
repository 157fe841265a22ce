package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.TokenInfo;
import java.util.ArrayList;
import java.util.List;

/** The slot a token was found in. A token is known by what it is, not where: it is looked for again when it is gone. */
final class TokenSlot {

    private final Cryptoki cryptoki;
    private final TokenSelector selector;
    private volatile long slot;
    private final TokenInfo token;

    private TokenSlot(Cryptoki cryptoki, TokenSelector selector, long slot, TokenInfo token) {
        this.cryptoki = cryptoki;
        this.selector = selector;
        this.slot = slot;
        this.token = token;
    }

    /** @throws HsmFailure when none or several tokens match */
    static TokenSlot find(Cryptoki cryptoki, TokenSelector selector) throws HsmFailure {
        try {
            List<Long> slots = new ArrayList<>();
            List<TokenInfo> tokens = new ArrayList<>();
            List<String> seen = new ArrayList<>();
            for (long slot : cryptoki.getSlotList(true)) {
                TokenInfo token;
                try {
                    token = cryptoki.getTokenInfo(slot);
                } catch (Pkcs11Exception e) {
                    seen.add("slot " + slot + " (" + e.getMessage() + ")");
                    continue;
                }
                if (selector.matches(token)) {
                    slots.add(slot);
                    tokens.add(token);
                }
                seen.add(token.label().isEmpty() ? "(no label)" : token.label());
            }
            if (slots.size() != 1) {
                String found = slots.isEmpty() ? "no token" : slots.size() + " tokens";
                throw new HsmFailure(
                        slots.isEmpty() ? Kind.TOKEN_GONE : Kind.OUR_FAULT,
                        0,
                        found + " with " + selector + "; present: " + String.join(", ", seen));
            }
            return new TokenSlot(cryptoki, selector, slots.getFirst(), tokens.getFirst());
        } catch (Pkcs11Exception e) {
            throw Failures.of(selector.toString(), e);
        }
    }

    long slot() {
        return slot;
    }

    /** What the token said of itself when it was found. */
    TokenInfo token() {
        return token;
    }

    /** Looks for the token again. */
    void relocate() throws HsmFailure {
        slot = find(cryptoki, selector).slot;
    }
}
