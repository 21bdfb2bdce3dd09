<?php
declare(strict_types=1);

namespace Idealo\Connector\Observer;

use Idealo\Connector\Model\Outbox;
use Magento\Framework\Event\Observer;
use Magento\Framework\Event\ObserverInterface;

/**
 * Notes that a shipment was saved, with or without a track.
 */
class ShipmentSaved implements ObserverInterface
{
    public function __construct(private readonly Outbox $outbox)
    {
    }

    public function execute(Observer $observer): void
    {
        $shipment = $observer->getEvent()->getData('shipment');
        $this->outbox->tellOf(
            'shipment.saved',
            (int) $shipment->getOrderId(),
            'shipment',
            (int) $shipment->getEntityId()
        );
    }
}
