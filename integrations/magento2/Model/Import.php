<?php
declare(strict_types=1);

namespace Idealo\Connector\Model;

use Idealo\Connector\Api\Data\ImportResultInterface;
use Idealo\Connector\Api\Data\ImportResultInterfaceFactory;
use Idealo\Connector\Api\ImportInterface;
use Magento\Catalog\Model\ResourceModel\Product as ProductResource;
use Magento\Framework\DB\Adapter\DuplicateException;
use Magento\Framework\Exception\InputException;
use Magento\Framework\Exception\NoSuchEntityException;
use Magento\Sales\Api\Data\OrderInterface;
use Magento\Sales\Api\InvoiceOrderInterface;
use Magento\Sales\Api\OrderRepositoryInterface;

/**
 * Takes an order as the bridge priced it: saved as it is, its stock booked, both or neither; then invoiced.
 */
class Import implements ImportInterface
{
    public function __construct(
        private readonly ImportedOrders $imported,
        private readonly OrderRepositoryInterface $orders,
        private readonly InvoiceOrderInterface $invoices,
        private readonly ProductResource $products,
        private readonly StockKeeper $stock,
        private readonly ImportResultInterfaceFactory $results
    ) {
    }

    public function import(OrderInterface $order, bool $invoice = false): ImportResultInterface
    {
        $idealoOrderId = trim((string) $order->getExtOrderId());
        if ($idealoOrderId === '' || $order->getEntityId()) {
            throw new InputException(__('invalid_order: a new order with an ext_order_id is wanted'));
        }
        $known = $this->imported->find($idealoOrderId);
        if ($known !== null) {
            return $this->result($known, false, []);
        }
        $this->refuseUnknown($order);
        try {
            $warnings = $this->save($order, $idealoOrderId);
        } catch (DuplicateException $e) {
            // Another import of this order was first, or the shop gave its number twice, which is told as it is.
            $known = $this->imported->find($idealoOrderId);
            if ($known === null) {
                throw $e;
            }
            return $this->result($known, false, []);
        }
        $orderId = (int) $order->getEntityId();
        return $this->result($orderId, true, [...$warnings, ...($invoice ? $this->invoice($orderId) : [])]);
    }

    public function get(string $idealoOrderId): ImportResultInterface
    {
        $known = $this->imported->find($idealoOrderId);
        if ($known === null) {
            throw new NoSuchEntityException(__('No order was imported for idealo order %1.', $idealoOrderId));
        }
        return $this->result($known, false, []);
    }

    /**
     * @return string[] warnings
     */
    private function save(OrderInterface $order, string $idealoOrderId): array
    {
        return $this->imported->inOneTransaction(function () use ($order, $idealoOrderId): array {
            // The unique key holds a second import of the same order back until this one is through.
            $this->imported->claim($idealoOrderId);
            $order->setCanSendNewEmailFlag(false);
            $order->setSendEmail(false);
            $this->orders->save($order);
            $this->imported->keep($idealoOrderId, (int) $order->getEntityId());
            return $this->stock->book($order);
        });
    }

    private function refuseUnknown(OrderInterface $order): void
    {
        $wanted = array_map(static fn ($item): string => (string) $item->getSku(), $order->getItems() ?? []);
        if ($wanted === []) {
            throw new InputException(__('invalid_order: the order has no items'));
        }
        $skus = array_map('strval', array_keys($this->products->getProductsIdsBySkus($wanted)));
        $found = array_map('mb_strtolower', $skus);
        $missing = array_filter($wanted, static fn (string $sku): bool => !in_array(mb_strtolower($sku), $found, true));
        if ($missing !== []) {
            throw new InputException(__('sku_not_found: %1', implode(', ', array_unique($missing))));
        }
    }

    /**
     * @return string[] warnings: the order stands and is complete, so an invoice that fails is told, not raised
     */
    private function invoice(int $orderId): array
    {
        try {
            $this->invoices->execute($orderId, true);
        } catch (\Exception $e) {
            return ['the invoice could not be made: ' . $e->getMessage()];
        }
        return [];
    }

    /**
     * @param string[] $warnings
     */
    private function result(int $orderId, bool $created, array $warnings): ImportResultInterface
    {
        $order = $this->orders->get($orderId);
        $result = $this->results->create();
        $result->setOrderId($orderId);
        $result->setIncrementId((string) $order->getIncrementId());
        $result->setCreated($created);
        $result->setGrandTotal((float) $order->getGrandTotal());
        $result->setWarnings($warnings);
        return $result;
    }
}
