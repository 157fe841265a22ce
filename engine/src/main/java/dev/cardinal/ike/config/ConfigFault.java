package dev.cardinal.ike.config;

/** A piece of text that is not what it should be; the reader adds the place and the key. */
final class ConfigFault extends Exception {
    private static final long serialVersionUID = 1L;

    private final String what;

    ConfigFault(String what) {
        super(what, null, false, false);
        this.what = what;
    }

    /** The message, which is never null. */
    String what() {
        return what;
    }

    /** For a keyword that strongSwan knows and we do not speak yet. */
    static ConfigFault notYet(String what) {
        return new ConfigFault(what + ": strongSwan's, not supported yet");
    }
}
