package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Session;
import java.security.PublicKey;
import org.jspecify.annotations.Nullable;

/** A private key of a pool's token. Its object is looked up once an epoch, and again when the token forgot it. */
final class TokenKey implements KeyRef {

    private record Located(KeyObject key, long epoch) {}

    private final TokenPool pool;
    private final KeySearch search;
    private final String uri;
    private final boolean alwaysAuthenticate;
    private final boolean maySign;
    private volatile @Nullable Located located;

    TokenKey(TokenPool pool, KeySearch search, KeySearch.Match match, long epoch) {
        this.pool = pool;
        this.search = search;
        this.uri = match.uri();
        this.located = new Located(match.key(), epoch);
        this.alwaysAuthenticate = match.key().alwaysAuthenticate();
        this.maySign = match.key().maySign();
    }

    @Override
    public String uri() {
        return uri;
    }

    @Override
    public byte[] publicKeyInfo() {
        return search.publicKeyInfo().clone();
    }

    @Override
    public boolean maySign() {
        return maySign;
    }

    TokenPool pool() {
        return pool;
    }

    PublicKey publicKey() {
        return search.publicKey();
    }

    /** Whether the key wants a login for each use: such a key serves no batch. */
    boolean alwaysAuthenticate() {
        return alwaysAuthenticate;
    }

    /** The object in this epoch. */
    KeyObject locate(Session session, long epoch) throws Pkcs11Exception, HsmFailure {
        Located known = located;
        if (known != null && known.epoch() == epoch) {
            return known.key();
        }
        KeyObject key = search.again(session, uri).key();
        located = new Located(key, epoch);
        return key;
    }

    /** The handle was found invalid. */
    void forget() {
        located = null;
    }

    @Override
    public String toString() {
        return uri;
    }
}
