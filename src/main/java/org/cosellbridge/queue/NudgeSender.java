package org.cosellbridge.queue;

import jakarta.ejb.AsyncResult;
import jakarta.ejb.Asynchronous;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSRuntimeException;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.naming.InitialContext;
import javax.naming.NamingException;

/** The way to the broker; a bean of the container because of its resource. Never part of a transaction. */
@Stateless
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class NudgeSender {
    private static final Logger LOG = Logger.getLogger(NudgeSender.class.getName());

    /** Milliseconds after which an unread nudge is worth nothing: the timer has nudged again by then. */
    private static final long WORTH = 60_000;

    /** Sends one nudge, not persistent: the request table is the truth. Throws {@link BrokerAwayException}. */
    public void send(String text) {
        try (JMSContext broker = connect()) {
            broker.createProducer()
                    .setDeliveryMode(DeliveryMode.NON_PERSISTENT)
                    .setTimeToLive(WORTH)
                    .send(broker.createQueue(Nudge.QUEUE), text);
        } catch (JMSRuntimeException away) {
            throw new BrokerAwayException(away);
        }
    }

    /**
     * Whether a connection to the broker can be opened, asked in another thread. An asynchronous EJB call and not the managed
     * executor, because a health check is called from outside the application, where the executor refuses.
     */
    @Asynchronous
    public Future<Boolean> reachesBroker() {
        try (JMSContext broker = connect()) {
            broker.createProducer();
            return new AsyncResult<>(true);
        } catch (JMSRuntimeException | BrokerAwayException away) {
            LOG.log(Level.FINE, "The message broker does not answer.", away);
            return new AsyncResult<>(false);
        }
    }

    /** Looked up for each use: on Payara Micro the factory is made after the application is deployed. */
    @SuppressWarnings("BanJNDI") // the name is a constant of the deployment
    private static JMSContext connect() {
        try {
            return ((ConnectionFactory) InitialContext.doLookup("java:comp/env/jms/cosell")).createContext();
        } catch (NamingException notThere) {
            throw new BrokerAwayException(notThere);
        }
    }
}
