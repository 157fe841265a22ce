package dev.cardinal.ike.ikev1;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.wire.ExchangeType;
import dev.cardinal.ike.wire.IsakmpAttribute;
import dev.cardinal.ike.wire.IsakmpBody;
import dev.cardinal.ike.wire.IsakmpCodec;
import dev.cardinal.ike.wire.IsakmpMessage;
import dev.cardinal.ike.wire.IsakmpPayload;
import dev.cardinal.ike.wire.IsakmpPayload.Attributes;
import dev.cardinal.ike.wire.IsakmpPayload.Hash;
import dev.cardinal.ike.wire.MalformedMessage;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The transaction exchange (draft-dukes-ike-mode-cfg-02 section 3.3), which {@link Xauth} and {@link ModeConfig} are made of.
 * Either side begins; each question has a message ID of its own.
 *
 * <pre>
 *   HDR*, HASH, ATTR(REQUEST or SET)  -->
 *                                     <--  HDR*, HASH, ATTR(REPLY or ACK)
 * </pre>
 *
 * with {@code HASH = prf(SKEYID_a, M-ID | ATTR)}. What a message held is wiped when it was dealt with: it may be a password.
 */
final class TransactionExchange {
    private TransactionExchange() {}

    /** Who asked, and is told the answer. A question that nobody answers ends the SA, as its retransmissions do. */
    sealed interface Asker permits Xauth, ModeConfig {
        /** The exchange has ended. @param answer a REPLY or ACK; wiped after the call */
        void onAnswer(Attributes answer);
    }

    /**
     * What a question leads to.
     *
     * @param attributes of the answer
     * @param then what happens when it was sent
     */
    record Answer(List<IsakmpAttribute> attributes, Runnable then) {}

    private static Attributes open(Ikev1Sa sa, Conversation conversation, Contents contents) throws MalformedMessage {
        byte[] covered = contents.message().afterFirst();
        try {
            if (contents.payloads().isEmpty()
                    || !(contents.payloads().getFirst() instanceof Hash hash)
                    || !MessageDigest.isEqual(
                            hash.value(), sa.requireKeys().messageHash(conversation.messageId, covered))) {
                throw new MalformedMessage("a transaction message that does not prove itself");
            }
        } finally {
            Arrays.fill(covered, (byte) 0);
        }
        List<Attributes> attributes = contents.all(Attributes.class);
        if (attributes.size() != 1) {
            throw new MalformedMessage(attributes.size() + " attribute payloads");
        }
        return attributes.getFirst();
    }

    private static void send(Ikev1Sa sa, Conversation conversation, Attributes attributes, boolean awaitsAnswer) {
        IsakmpBody body = IsakmpBody.of(attributes);
        byte[] covered = IsakmpCodec.encodeChain(List.of(body));
        Hash hash = new Hash(sa.requireKeys().messageHash(conversation.messageId, covered));
        sa.sendEncrypted(conversation, List.of(IsakmpBody.of(hash), body), awaitsAnswer);
        Arrays.fill(covered, (byte) 0);
        Arrays.fill(body.octets(), (byte) 0);
    }

    private static void wipe(Contents contents) {
        Arrays.fill(contents.message().chain(), (byte) 0);
        for (IsakmpBody body : contents.message().bodies()) {
            Arrays.fill(body.octets(), (byte) 0);
        }
        for (IsakmpPayload payload : contents.payloads()) {
            if (payload instanceof Attributes attributes) {
                for (IsakmpAttribute attribute : attributes.attributes()) {
                    Arrays.fill(attribute.value(), (byte) 0);
                }
            }
        }
    }

    // ------------------------------------------------------------------------------------------------ initiator

    /** Our question. */
    static final class Initiator implements Exchange {
        private final Ikev1Sa sa;
        private final Conversation conversation;
        private final Attributes question;
        private final Asker asker;

        private Initiator(Ikev1Sa sa, Conversation conversation, Attributes question, Asker asker) {
            this.sa = sa;
            this.conversation = conversation;
            this.question = question;
            this.asker = asker;
        }

        /**
         * Asks.
         *
         * @return the exchange's conversation; null where too many exchanges are under way
         */
        static @Nullable Conversation begin(Ikev1Sa sa, Attributes question, Asker asker) {
            Conversation conversation = sa.converse(ExchangeType.TRANSACTION);
            if (conversation != null) {
                conversation.exchange = new Initiator(sa, conversation, question, asker);
                send(sa, conversation, question, true);
            }
            return conversation;
        }

        @Override
        public void onMessage(IsakmpMessage message) throws MalformedMessage {
            Contents contents = Contents.of(message);
            try {
                Attributes answer = open(sa, conversation, contents);
                int expected = question.type() == Attributes.REQUEST ? Attributes.REPLY : Attributes.ACK;
                // the message ID ties it to the question; the identifier does not: strongSwan 5.9.8 answers with 0
                if (answer.type() != expected) {
                    throw new MalformedMessage("no answer to our question");
                }
                sa.take();
                sa.end(conversation);
                asker.onAnswer(answer);
            } finally {
                wipe(contents);
            }
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            throw new IllegalStateException("nothing was submitted");
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            throw new IllegalStateException("nothing was installed");
        }

        @Override
        public void onOverdue() {
            throw new IllegalStateException("nothing was submitted");
        }

        @Override
        public void abandon() {
            // holds nothing
        }
    }

    // ------------------------------------------------------------------------------------------------ responder

    /** The peer's question. */
    static final class Responder implements Exchange {
        private final Ikev1Sa sa;
        private final Conversation conversation;

        Responder(Ikev1Sa sa, Conversation conversation) {
            this.sa = sa;
            this.conversation = conversation;
        }

        @Override
        public void onMessage(IsakmpMessage message) throws MalformedMessage {
            Contents contents = Contents.of(message);
            try {
                Attributes question = open(sa, conversation, contents);
                Answer answer = answer(question);
                sa.take();
                int type = question.type() == Attributes.REQUEST ? Attributes.REPLY : Attributes.ACK;
                send(sa, conversation, new Attributes(type, question.identifier(), answer.attributes()), false);
                sa.end(conversation);
                answer.then().run();
            } finally {
                wipe(contents);
            }
        }

        private Answer answer(Attributes question) throws MalformedMessage {
            boolean isXauth = Xauth.isAbout(question);
            Xauth xauth = sa.xauth;
            if (isXauth && xauth == null || !isXauth && sa.life != Ikev1Sa.Life.ESTABLISHED) {
                throw new MalformedMessage("a transaction that has no place here");
            }
            return switch (question.type()) {
                case Attributes.REQUEST ->
                    isXauth ? Ikev1Sa.required(xauth).onRequest(question) : sa.modeConfig.onRequest(question);
                case Attributes.SET ->
                    isXauth ? Ikev1Sa.required(xauth).onStatus(question) : sa.modeConfig.onPush(question);
                default -> throw new MalformedMessage("an answer to no question of ours");
            };
        }

        @Override
        public void onCrypto(CryptoOutcome outcome) {
            throw new IllegalStateException("nothing was submitted");
        }

        @Override
        public void onInstalled(@Nullable String failure) {
            throw new IllegalStateException("nothing was installed");
        }

        @Override
        public void onOverdue() {
            throw new IllegalStateException("nothing was submitted");
        }

        @Override
        public void abandon() {
            // holds nothing
        }
    }
}
