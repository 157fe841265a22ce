package dev.cardinal.ike.interop;

import java.nio.file.Path;
import java.util.Map;

/** A token with a private key for each credential, initialised, under the label {@link #LABEL}. */
interface InteropToken {

    String LABEL = "gateway";

    Path module();

    Path pinFile();

    /** What a process needs in its environment so that the module finds this token. */
    Map<String, String> environment();

    /** Puts a private key, with its public key, on the token under an id of its own. */
    void importKey(String label, TestPki.Credential credential);
}
