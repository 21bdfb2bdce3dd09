<?php
declare(strict_types=1);

namespace Idealo\Connector\Observer;

use Idealo\Connector\Model\Outbox;
use Magento\Framework\Event\Observer;
use Magento\Framework\Event\ObserverInterface;

/**
 * Notes that a tracking number was added; that may be long after the shipment.
 */
class TrackSaved implements ObserverInterface
{
    public function __construct(private readonly Outbox $outbox)
    {
    }

    public function execute(Observer $observer): void
    {
        $track = $observer->getEvent()->getData('track');
        $this->outbox->tellOf(
            'shipment.track.saved',
            (int) $track->getOrderId(),
            'track',
            (int) $track->getEntityId(),
            (int) $track->getParentId()
        );
    }
}
