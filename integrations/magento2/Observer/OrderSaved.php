<?php
declare(strict_types=1);

namespace Idealo\Connector\Observer;

use Idealo\Connector\Model\Outbox;
use Magento\Framework\Event\Observer;
use Magento\Framework\Event\ObserverInterface;
use Magento\Sales\Model\Order;

/**
 * Notes that an order came into another state, lost units, or continues an edited one.
 */
class OrderSaved implements ObserverInterface
{
    public function __construct(private readonly Outbox $outbox)
    {
    }

    public function execute(Observer $observer): void
    {
        $order = $observer->getEvent()->getData('order');
        $before = $order->getOrigData('state');
        if ($before === null && !$order->getRelationParentId()) {
            return;
        }
        if ($order->getState() !== $before || $this->lostUnits($order)) {
            $canceled = $order->getState() === Order::STATE_CANCELED;
            $event = $canceled ? 'order.canceled' : 'order.state_changed';
            $id = (int) $order->getEntityId();
            $this->outbox->tellOf($event, $id, 'order', $id);
        }
    }

    private function lostUnits(Order $order): bool
    {
        foreach ($order->getItems() ?? [] as $item) {
            if ((float) $item->getQtyCanceled() !== (float) $item->getOrigData('qty_canceled')) {
                return true;
            }
        }
        return false;
    }
}
