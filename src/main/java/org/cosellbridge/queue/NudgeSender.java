package org.cosellbridge.queue;

import jakarta.annotation.Resource;
import jakarta.ejb.AsyncResult;
import jakarta.ejb.Asynchronous;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSContext;
import java.util.concurrent.Future;

/** The way to the broker; a bean of the container because of its resource. Never part of a transaction. */
@Stateless
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class NudgeSender {
    /** Milliseconds after which an unread nudge is worth nothing: the timer has nudged again by then. */
    private static final long WORTH = 60_000;

    @Resource(name = "jms/cosell")
    private ConnectionFactory connections;

    /** Sends one nudge, not persistent: the request table is the truth. Throws when the broker cannot be reached. */
    public void send(String text) {
        try (JMSContext broker = connections.createContext()) {
            broker.createProducer()
                    .setDeliveryMode(DeliveryMode.NON_PERSISTENT)
                    .setTimeToLive(WORTH)
                    .send(broker.createQueue(Nudge.QUEUE), text);
        }
    }

    /**
     * Opens and closes a connection to the broker in another thread; the future fails when that fails. An asynchronous EJB call and
     * not the managed executor, because a health check is called from outside the application, where the executor refuses.
     */
    @Asynchronous
    public Future<Boolean> reachBroker() {
        try (JMSContext broker = connections.createContext()) {
            broker.createProducer();
        }
        return new AsyncResult<>(true);
    }
}
