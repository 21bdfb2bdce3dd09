<?php
declare(strict_types=1);

namespace Idealo\Connector\Api;

/**
 * Takes an order as the bridge priced it, and books its stock.
 *
 * @api
 */
interface ImportInterface
{
    /**
     * Save the order as it is and reserve its stock; the same ext_order_id again answers the first order.
     *
     * @param \Magento\Sales\Api\Data\OrderInterface $order
     * @param bool $invoice
     * @return \Idealo\Connector\Api\Data\ImportResultInterface
     * @throws \Magento\Framework\Exception\LocalizedException
     */
    public function import(
        \Magento\Sales\Api\Data\OrderInterface $order,
        bool $invoice = false
    ): Data\ImportResultInterface;

    /**
     * The order that was imported for an idealo order.
     *
     * @param string $idealoOrderId
     * @return \Idealo\Connector\Api\Data\ImportResultInterface
     * @throws \Magento\Framework\Exception\NoSuchEntityException
     */
    public function get(string $idealoOrderId): Data\ImportResultInterface;
}
