package dev.cardinal.hsm.pkcs11;

/** {@code CK_SLOT_INFO}, with the padding of its texts removed. */
public record SlotInfo(String description, String manufacturer, long flags) {

    public boolean tokenPresent() {
        return (flags & Ckf.TOKEN_PRESENT) != 0;
    }
}
