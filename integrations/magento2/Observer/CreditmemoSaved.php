<?php
declare(strict_types=1);

namespace Idealo\Connector\Observer;

use Idealo\Connector\Model\Outbox;
use Magento\Framework\Event\Observer;
use Magento\Framework\Event\ObserverInterface;

/**
 * Notes that a credit memo was saved.
 */
class CreditmemoSaved implements ObserverInterface
{
    public function __construct(private readonly Outbox $outbox)
    {
    }

    public function execute(Observer $observer): void
    {
        $memo = $observer->getEvent()->getData('creditmemo');
        $this->outbox->tellOf('creditmemo.saved', (int) $memo->getOrderId(), 'creditmemo', (int) $memo->getEntityId());
    }
}
