package org.cosellbridge.queue;

import jakarta.ejb.ActivationConfigProperty;
import jakarta.ejb.MessageDriven;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.inject.Inject;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageListener;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Lets the worker run what is due. A nudge is never redelivered: what is due stays due, and the timer nudges again. */
@MessageDriven(
        name = "NudgeListener",
        activationConfig = {
            @ActivationConfigProperty(propertyName = "destinationType", propertyValue = "jakarta.jms.Queue"),
            @ActivationConfigProperty(propertyName = "destination", propertyValue = Nudge.QUEUE),
            @ActivationConfigProperty(propertyName = "useJNDI", propertyValue = "false"),
            @ActivationConfigProperty(propertyName = "maxSession", propertyValue = "32")
        })
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class NudgeListener implements MessageListener {
    private static final Logger LOG = Logger.getLogger(NudgeListener.class.getName());

    @Inject
    private Worker worker;

    @Override
    public void onMessage(Message message) {
        try {
            Nudge.parse(message.getBody(String.class)).ifPresent(nudge -> worker.drain(nudge.connection()));
        } catch (JMSException | RuntimeException failed) {
            LOG.log(Level.WARNING, "A nudge led to nothing; what is due stays due and is nudged again.", failed);
        }
    }
}
