package dev.cardinal.hsm;

/**
 * An ephemeral private key on a token. It carries its token, the login epoch and the generation of the session that
 * made it: a session object dies with its session. Any worker of that token may use or release it.
 */
public interface KeyExchangeRef {

    KeyExchangeGroup group();
}
