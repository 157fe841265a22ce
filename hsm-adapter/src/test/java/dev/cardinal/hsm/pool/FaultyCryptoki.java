package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** A real module whose calls can be counted, delayed and made to fail, by the names of {@link Cryptoki}'s methods. */
final class FaultyCryptoki implements UnaryOperator<Cryptoki> {

    /** What happens in place of a call, or before it. */
    interface Fault {
        void strike(Cryptoki real, Object[] arguments) throws Exception;
    }

    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
    private final Map<String, Queue<Fault>> faults = new ConcurrentHashMap<>();

    @Override
    public Cryptoki apply(Cryptoki real) {
        return (Cryptoki) Proxy.newProxyInstance(
                Cryptoki.class.getClassLoader(),
                new Class<?>[] {Cryptoki.class},
                (proxy, method, arguments) -> call(real, method, arguments));
    }

    private Object call(Cryptoki real, Method method, Object[] arguments) throws Throwable {
        calls.computeIfAbsent(method.getName(), name -> new AtomicInteger()).incrementAndGet();
        Queue<Fault> queue = faults.get(method.getName());
        Fault fault = null;
        if (queue != null) {
            synchronized (queue) {
                fault = queue.poll();
            }
        }
        if (fault != null) {
            fault.strike(real, arguments);
        }
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /** How often a function was called since {@link #forget}. */
    int calls(String function) {
        AtomicInteger count = calls.get(function);
        return count == null ? 0 : count.get();
    }

    void forget() {
        calls.clear();
    }

    /** The next call of a function meets this. Faults of one function queue up. */
    void next(String function, Fault fault) {
        Queue<Fault> queue = faults.computeIfAbsent(function, name -> new ArrayDeque<>());
        synchronized (queue) {
            queue.add(fault);
        }
    }

    /** The next calls of a function return this value. */
    void fail(String function, long ckr, int times) {
        for (int i = 0; i < times; i++) {
            next(function, (real, arguments) -> {
                throw new Pkcs11Exception(function, ckr);
            });
        }
    }
}
