package dev.cardinal.ike.wire;

import java.util.List;

/**
 * A decoded message: its header and the payloads in their order. An encrypted message decodes to a list that ends with
 * {@link Payload.Encrypted} or {@link Payload.EncryptedFragment}; what is inside is decoded after its integrity was proven.
 */
public record IkeMessage(IkeHeader header, List<Payload> payloads) {
    public IkeMessage {
        payloads = List.copyOf(payloads);
    }
}
